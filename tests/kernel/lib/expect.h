/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Expected contents of the rows of a test's own connections. */
#ifndef TESTS_KERNEL_EXPECT_H
#define TESTS_KERNEL_EXPECT_H

#include "pairing.h"

struct expectation {
	const uint16_t *ports; /* the test's own: connections with one of these are checked */
	size_t port_count;
	const bool *wanted; /* by index of the witness's log: events that must have rows; NULL for all */
	pid_t pid;          /* of every owner; 0 if the test checks owners itself */
	const char *comm;
	uint64_t netns;                  /* 0: not checked */
	bool cookies_may_be_unknown;     /* then a reused socket cannot be distinguished from a new one */
	bool owners_may_be_unknown;      /* but never wrong */
	bool durations_may_be_unknown;   /* but never wrong */
	bool durations_are_not_compared; /* for a loaded machine with one witness: only their presence is checked */
	bool owners_may_be_found_early;  /* the sockets are older than the tool */
};

/* Fails the test at the first wrong row. Before 5.12, cookies and owners may be unknown. */
void expect_rows(const struct pairing *pairing, const struct tool *tool, const struct expectation *expectation);

/*
 * Fails the test unless the sockets of `port` went through exactly these states. Each string is one socket or one of
 * its connections, as "CLOSE SYN_SENT ESTABLISHED ...", without self-transitions. The strings may be in any order, and
 * end with NULL.
 */
void expect_lives(const struct pairing *pairing, uint16_t port, const char *const *lives);

#endif
