/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of `tcpstates --retransmits -o json`. */
#ifndef TESTS_KERNEL_RETRANSMISSION_ROWS_H
#define TESTS_KERNEL_RETRANSMISSION_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "tool.h"

struct retransmission_row {
	uint64_t cookie; /* 0 for null */
	int pid;         /* -1 for null */
	char comm[64];
	char owner[12];
	uint16_t lport, rport;
	char state[16];
	char kind[12]; /* empty for null */
	uint32_t seq, bytes, segments, retransmits;
};

#define RETRANSMISSION_ROWS_MAX 4096

struct retransmission_rows {
	struct retransmission_row items[RETRANSMISSION_ROWS_MAX];
	size_t count;
};

/* Reads the rows of a tool that has ended. Fails the test at a line that is not as tcpvitals-json(5) describes. */
void retransmission_rows_read(const struct tool *tool, struct retransmission_rows *ret);

/* The sum of their segments. */
uint64_t retransmission_rows_segments(const struct retransmission_rows *rows);

/* The number of rows of this kind (NULL: any), and the first of them (`ret` may be NULL). */
size_t retransmission_rows_of(const struct retransmission_rows *rows, const char *kind,
			      const struct retransmission_row **ret);

#endif
