/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose the rows are, where a test has several processes. */
#ifndef TESTS_KERNEL_OWNERS_H
#define TESTS_KERNEL_OWNERS_H

#include "run.h"

/* settle(), run_stop() and run_check() without an opinion on owners. */
void owners_check(struct run *run, const uint16_t *ports, size_t count);

/* Fails unless the row is there with this owner; says nothing when rows are known to be missing. */
void owners_expect(const struct run *run, const struct row *row, const char *what, const char *owner, pid_t pid,
		   const char *comm);

/* How the process that accepted a connection and did something with it is known on this kernel: "accept" or "use". */
const char *owners_of_accepted(void);

/* Every row of the port on this side (the server's has it as its local one) belongs to one of two processes. */
void owners_expect_side(const struct run *run, uint16_t port, bool server, pid_t a, pid_t b);

#endif
