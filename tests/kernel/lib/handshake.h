/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tool says about the handshake of a connection over a wire. */
#ifndef TESTS_KERNEL_HANDSHAKE_H
#define TESTS_KERNEL_HANDSHAKE_H

#include "run.h"
#include "wire_pair.h"

/* No answer to a SYN or SYN-ACK: it is sent again after this time (RFC 6298, section 2.1). */
#define HANDSHAKE_RETRY_MS 1000

/* What a busy machine may add to a time. */
#define HANDSHAKE_SLACK_MS 900

/* After the traffic: aborts both sides (their ends are somebody else's subject), run_stop(), run_check(). */
void handshake_end(struct run *run, const struct wire_pair *pair);

/* The client's (left) or the server's. NULL when the row is known to be missing. */
const struct row *handshake_find(const struct run *run, enum wire_end end);

/* Then these two are content. */
void handshake_expect(const struct run *run, enum wire_end end, bool known, int syn_retrans);
void handshake_expect_ms(const struct run *run, enum wire_end end, double least_ms, double most_ms);

#endif
