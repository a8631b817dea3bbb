/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_PROBE_SEED_H
#define TCPVITALS_PROBE_SEED_H

#include "probe/probe.h"

/* The cost of going without the programs that look for older sockets. */
#define SEED_WITHOUT_OWNERS "the owners of connections that are older than the tool are not known"
#define SEED_WITHOUT_REST   "connections that are older than the tool and have no descriptor are not known"

/*
 * After the programs are attached: tells the kernel side of the sockets that are older than the tool, and whose they
 * are. Sets probe->unseeded. What could not be done is told to the user.
 */
void seed(struct probe *probe);

#endif
