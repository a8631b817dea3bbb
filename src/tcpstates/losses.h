/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts what was printed, lost and missed, and reports it on stderr. */
#ifndef TCPVITALS_TCPSTATES_LOSSES_H
#define TCPVITALS_TCPSTATES_LOSSES_H

#include "core/loss.h"
#include "probe/probe.h"
#include "tcpstates/print.h"

struct listing;

struct losses {
	const struct printer *printer;
	const struct probe *probe;
	const struct listing *listing; /* with --listeners */
	struct loss_report reported;   /* the losses that stderr has reported so far */
	uint64_t reported_ns;
};

/*
 * Counts in rows; with --summary, in transitions that the lines cover; with --by or --sum, in connections that have
 * ended.
 */
struct loss_report losses_count(const struct losses *losses, bool exact);

void losses_report(struct losses *losses, const struct loss_report *report);

/* Reports new losses: the first at once, then at most once a second. */
void losses_report_new(struct losses *losses, bool exact);

#endif
