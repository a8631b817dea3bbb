/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The protobuf format of output/exposition.h. */
#ifndef TCPVITALS_OUTPUT_EXPOSITION_PROTOBUF_H
#define TCPVITALS_OUTPUT_EXPOSITION_PROTOBUF_H

#include "output/exposition.h"

void exposition_protobuf_begin(struct exposition *exposition);
void exposition_protobuf_add(struct exposition *exposition, const struct metric_label *labels, size_t count,
			     uint64_t value);
void exposition_protobuf_add_histogram(struct exposition *exposition, const struct metric_label *labels, size_t count,
				       const struct time_histogram *histogram);
void exposition_protobuf_end(struct exposition *exposition);

#endif
