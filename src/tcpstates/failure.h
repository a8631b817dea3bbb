/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why tcpstates could not attach, and what to do about it. */
#ifndef TCPVITALS_TCPSTATES_FAILURE_H
#define TCPVITALS_TCPSTATES_FAILURE_H

#include "tcpstates/options.h"
#include "tcpstates/session.h"

/*
 * What the first failure (a negative errno) says about all ways; the classic tracepoint needs tracefs where the others
 * need BTF.
 */
void failure_explain(int first_error, const struct tcpstates_options *options, struct session_error *error);

#endif
