/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the rows of tcpstates --stuck as JSON Lines. */
#ifndef TCPVITALS_OUTPUT_STUCK_H
#define TCPVITALS_OUTPUT_STUCK_H

#include "abi/transition.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/*
 * {"v":1,"type":"stuck",...} and a newline, as in tcpvitals-json(5). `event` has the time of the scan, the state in
 * newstate, and the time in that state in duration_ns.
 */
void stuck_json(struct strbuf *out, const struct transition *event, const struct timebase *base);

#endif
