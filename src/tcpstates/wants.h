/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The wants of the options: what the kernel side is asked for. */
#ifndef TCPVITALS_TCPSTATES_WANTS_H
#define TCPVITALS_TCPSTATES_WANTS_H

#include "probe/probe.h"
#include "tcpstates/options.h"

struct probe_wants tcpstates_wants(const struct tcpstates_options *options);

#endif
