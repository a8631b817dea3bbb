/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OUTPUT_STUCK_H
#define TCPVITALS_OUTPUT_STUCK_H

#include "abi/transition.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/*
 * {"v":1,"type":"stuck",...} and a newline, as in tcpvitals-json(5). `event` is of the time of the look, with one
 * state, and how long the connection has been in it.
 */
void stuck_json(struct strbuf *out, const struct transition *event, const struct timebase *base);

#endif
