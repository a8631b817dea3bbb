/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --summary --by and -c --sum: sums of connections by group. With --by, a walk over all open connections at the start,
 * and one at the end of each interval; the records of connections that end come in between. With --sum, these records
 * only.
 */
#ifndef TCPVITALS_TCPSTATES_SUMS_H
#define TCPVITALS_TCPSTATES_SUMS_H

#include "core/connection_queue.h"
#include "core/group_key.h"
#include "core/part.h"
#include "core/sum.h"
#include "probe/probe.h"
#include "tcpstates/cover.h"
#include "tcpstates/print.h"

struct sums {
	struct printer *printer;
	struct probe *probe;
	struct group_settings settings;
	struct sum_table table;
	struct part_table parts; /* with walks */
	/* During a walk: connections whose groups are new, as no name is looked up in another network namespace; and
	 * ends. */
	struct connection_queue waiting;
	struct sum_rows rows; /* of the last interval; rows[next_row ...] are not printed yet */
	size_t next_row;
	bool is_due;                          /* not all of the interval is printed */
	uint64_t start_ns;                    /* CLOCK_MONOTONIC, as below */
	uint64_t since_ns, end_ns, length_ns; /* start of this interval; end and length of the last one */
	struct cover cover;                   /* in connections that have ended */
	int error;                            /* first negative errno of a walk or a record */
};

static inline bool sums_are_wanted(const struct tcpstates_options *options)
{
	return options->sum.groups.count;
}

/* Connects `sums` and `printer`. Returns 0 or a negative errno. Call sums_close() in both cases. */
int sums_open(struct printer *printer, struct probe *probe, uint64_t now_ns, struct sums *sums);
void sums_close(struct sums *sums);

/* Adds the record of a connection that has ended. */
void sums_add_end(struct sums *sums, const struct connection *connection);

/*
 * With --by: walks over all open connections, in all network namespaces, and drains the ring buffers before and after.
 * The first walk is where the sums begin. Else, or when `sums` is zeroed: nothing. Returns 0 or a negative errno.
 */
int sums_walk(struct sums *sums);

/* Returns whether -d ends within a tenth of an interval: the last interval includes the rest. */
bool sums_are_almost_over(const struct sums *sums, uint64_t now_ns);

/* Ends the interval, whose rows are then due. The last ones must be printed. Returns 0 or a negative errno. */
int sums_end_interval(struct sums *sums, uint64_t now_ns);

/* Prints rows as long as the sink has room. Returns whether rows are left. */
bool sums_print(struct sums *sums);

/* Counts the rows that are left, and all since the last interval, as dropped. */
void sums_drop(struct sums *sums);

#endif
