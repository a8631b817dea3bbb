/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes samples of one metric after the other, with their labels. */
#ifndef TCPVITALS_EXPORTER_WRITER_H
#define TCPVITALS_EXPORTER_WRITER_H

#include "core/metrics.h"
#include "output/exposition.h"
#include "tcpvitals-exporter/collect.h"

#include <stddef.h>
#include <stdint.h>

struct writer {
	struct exposition *exposition;
	struct collect *collect;
	struct group_metrics sum; /* of the present group */
	/* The labels of the present sample: fixed ones, then those of the group. */
	struct metric_label labels[4];
	size_t count;
	const char *role; /* of the present group, if the role is a label of the groups; else NULL */
};

/* Sets a label. `name` and `value` are NUL-terminated, and must stay until the sample is written. */
void writer_set_label(struct writer *writer, size_t i, const char *name, const char *value);

void writer_begin(struct writer *writer, enum metric_id id);
void writer_end(struct writer *writer);

/* Adds a sample with the labels as they are set. */
void writer_add(struct writer *writer, uint64_t value);

/* Adds a sample with one label. */
void writer_add_labelled(struct writer *writer, const char *name, const char *value, uint64_t number);

/* Writes a metric with one value and no label. */
void writer_write_one(struct writer *writer, enum metric_id id, uint64_t value);

/* Writes the metrics of groups. */
void write_groups(struct writer *writer);

#endif
