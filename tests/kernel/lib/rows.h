/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `tcpstates -o json` printed. */
#ifndef TESTS_KERNEL_ROWS_H
#define TESTS_KERNEL_ROWS_H

#include "state.h"

#define COMM_TEXT 64 /* 15 bytes, each of which may have become U+FFFD */

struct row {
	uint64_t line;
	int64_t wall_ns;
	uint64_t cookie; /* 0 for null, likewise netns and cgroup_id */
	uint64_t netns;
	uint64_t cgroup_id;
	uint32_t conn_seq;
	int pid;      /* -1 for null */
	int pid_host; /* -1 where there is none */
	char comm[COMM_TEXT];
	bool has_comm;
	char owner[12];
	struct change change;
	bool has_duration;
	double duration_us;
	bool has_at_least;
	double at_least_us;
	int64_t uid;     /* -1 for null */
	int syn_retrans; /* -1 where there is none */
	int64_t ifindex; /* 0 for null, -1 where there is none */
	char zone[16];   /* empty for null, and where there is none */
	char cause[32];  /* empty for null */
};

struct rows {
	struct row *items; /* as printed; rows_free() */
	size_t count;
};

/* Reads every line of the file `fd`. Fails the test at a line that is not what DESIGN.md section 1 says. */
void rows_read(int fd, struct rows *ret_rows);
void rows_free(struct rows *rows);

/* The first row at or after `from` with these states and a port among the two, or NULL. */
const struct row *rows_find(const struct rows *rows, uint16_t port, const char *oldstate, const char *newstate,
			    const struct row *from);

/* The row after `row` of the same socket, or NULL. */
const struct row *rows_next(const struct rows *rows, const struct row *row);

/*
 * Two packets of one handshake on two CPUs make two children, of which one ends at once. The later may be a copy of a
 * listener that has been closed meanwhile: it goes from CLOSE to SYN_RECV, and there is no owner to inherit.
 */
bool rows_is_late_twin(const struct rows *rows, const struct row *row);

#endif
