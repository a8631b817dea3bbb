/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Owners of rows, for tests with several processes. */
#ifndef TESTS_KERNEL_OWNERS_H
#define TESTS_KERNEL_OWNERS_H

#include "run.h"

/* settle(), run_stop() and run_check(), without a check of owners. */
void owners_check(struct run *run, const uint16_t *ports, size_t count);

/*
 * Fails the test unless `row` exists and has this owner. A missing row is no failure if rows are known to be missing.
 * `what` names the row in messages.
 */
void owners_expect(const struct run *run, const struct row *row, const char *what, const char *owner, pid_t pid,
		   const char *comm);

/* The `owner` that rows on this kernel have for a process that accepted a connection and used it: "accept" or "use". */
const char *owners_of_accepted(void);

/*
 * Fails the test unless every row of the port on one side belongs to one of two processes. The server has the port as
 * its local port.
 */
void owners_expect_side(const struct run *run, uint16_t port, bool server, pid_t a, pid_t b);

#endif
