/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a record of the ring to a row in the sink. */
#ifndef TCPVITALS_TCPSTATES_PRINT_H
#define TCPVITALS_TCPSTATES_PRINT_H

#include "core/timestamp.h"
#include "os/resolver.h"
#include "output/sink.h"
#include "probe/rings.h"
#include "tcpstates/options.h"

struct printer {
	const struct tcpstates_options *options;
	struct sink *sink;
	struct resolver *resolver;
	int journal_fd;       /* of journal_open(), with --journal */
	struct timebase base; /* clock_refresh() it before it is asked for a time */
	bool discarding;      /* nobody will read any more: count only */
	uint64_t discarded;   /* rows that were not even formatted */
	uint64_t undecoded;   /* records that are none of ours */
	uint64_t unjournaled; /* entries that journald did not take */
};

/* The line of column names, for the formats that have one. */
void print_header(struct printer *printer);

/* A rings_take: `context` is a struct printer. -EAGAIN while the sink or the journal has no room and may get some. */
int print_record(void *context, const void *record, size_t size);

/* rings_drain() with that, by what the clocks say now. */
int64_t print_drain(struct printer *printer, struct rings *rings);

#endif
