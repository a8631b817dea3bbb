/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of `tcpstates -o json`. */
#ifndef TESTS_KERNEL_ROWS_H
#define TESTS_KERNEL_ROWS_H

#include "state.h"

#define COMM_TEXT 64 /* 15 bytes, each of which may be a U+FFFD */

struct row {
	uint64_t line;
	int64_t wall_ns;
	uint64_t cookie; /* 0 for null; netns and cgroup_id, too */
	uint64_t netns;
	uint64_t cgroup_id;
	uint32_t conn_seq;
	int pid;      /* -1 for null */
	int pid_host; /* -1 if absent */
	char comm[COMM_TEXT];
	bool has_comm;
	char owner[12];
	struct change change;
	bool has_duration;
	double duration_us;
	bool has_at_least;
	double at_least_us;
	int64_t uid;     /* -1 for null */
	int syn_retrans; /* -1 if absent */
	int64_t ifindex; /* 0 for null, -1 if absent */
	char zone[16];   /* empty for null, or if absent */
	char cause[32];  /* empty for null */
};

struct rows {
	struct row *items; /* in the order of the output; rows_free() */
	size_t count;
};

/* Reads all lines of the file `fd`. Fails the test at a line that is not as tcpvitals-json(5) describes. */
void rows_read(int fd, struct rows *ret_rows);
void rows_free(struct rows *rows);

/* The first row at or after `from` (NULL: all rows) with these states and `port` as one of its two ports, or NULL. */
const struct row *rows_find(const struct rows *rows, uint16_t port, const char *oldstate, const char *newstate,
			    const struct row *from);

/* The next row of the same socket after `row`, or NULL. */
const struct row *rows_next(const struct rows *rows, const struct row *row);

/*
 * True if the row is of a late twin. Two packets of one handshake on two CPUs make two child sockets, of which one ends
 * at once. The listener may be closed meanwhile. Then the later child inherits no owner.
 */
bool rows_is_late_twin(const struct rows *rows, const struct row *row);

#endif
