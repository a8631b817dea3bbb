/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of tcpstates about the handshake of a connection over a wire. */
#ifndef TESTS_KERNEL_HANDSHAKE_H
#define TESTS_KERNEL_HANDSHAKE_H

#include "run.h"
#include "wire_pair.h"

/* Time after which an unanswered SYN or SYN-ACK is sent again (RFC 6298, section 2.1). */
#define HANDSHAKE_RETRY_MS 1000

/* Time that a busy machine may add. */
#define HANDSHAKE_SLACK_MS 900

/* Call after the traffic. Aborts both sides, whose ends other tests check. Calls run_stop() and run_check(). */
void handshake_end(struct run *run, const struct wire_pair *pair);

/*
 * The row of the client (left) or the server (right) that enters ESTABLISHED. NULL if that row is known to be missing.
 */
const struct row *handshake_find(const struct run *run, enum wire_end end);

/*
 * Fail the test unless that row has a duration (`known`) and `syn_retrans`, or a duration between two limits. A missing
 * row is no failure, nor, for the limits, an unknown duration.
 */
void handshake_expect(const struct run *run, enum wire_end end, bool known, int syn_retrans);
void handshake_expect_ms(const struct run *run, enum wire_end end, double least_ms, double most_ms);

#endif
