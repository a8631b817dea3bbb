/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes all metrics in one of the formats of a scrape. */
#ifndef TCPVITALS_EXPORTER_WRITE_H
#define TCPVITALS_EXPORTER_WRITE_H

#include "output/exposition.h"
#include "tcpvitals-exporter/collect.h"

/* Call it after collect_read(). Text that does not fit sets exposition->out->overflow. */
void write_metrics(struct exposition *exposition, struct collect *collect);

#endif
