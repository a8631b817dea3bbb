/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the rows of a test's own connections must say besides being there. */
#ifndef TESTS_KERNEL_EXPECT_H
#define TESTS_KERNEL_EXPECT_H

#include "pairing.h"

struct expectation {
	const uint16_t *ports; /* the test's own: connections with one of them are looked at */
	size_t port_count;
	const bool *wanted; /* by index of the witness's log: which events shall have rows; NULL for all */
	pid_t pid;          /* of every owner; 0 when the test checks owners itself */
	const char *comm;
	uint64_t netns;                  /* 0: not checked */
	bool cookies_may_be_unknown;     /* then a reused socket is not told from a new one either */
	bool owners_may_be_unknown;      /* but never wrong */
	bool durations_may_be_unknown;   /* likewise */
	bool durations_are_not_compared; /* for a loaded machine with one witness: they are there, and that is all */
	bool owners_may_be_found_early;  /* the sockets were there before the tool */
};

/* Fails the test at the first row that is not as it should be. Before 5.12 cookies and owners may be unknown. */
void expect_rows(const struct pairing *pairing, const struct tool *tool, const struct expectation *expectation);

/*
 * Fails the test unless the sockets of `port` went through exactly these states, one string for each socket (or each of
 * its connections) in any order: "CLOSE SYN_SENT ESTABLISHED ...". Self-transitions are left out.
 */
void expect_lives(const struct pairing *pairing, uint16_t port, const char *const *lives);

#endif
