/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_PROBE_SEED_H
#define TCPVITALS_PROBE_SEED_H

#include "probe/probe.h"

/*
 * After the programs are attached: tells the kernel side of the sockets that are older than the tool, and whose they
 * are. Sets probe->unseeded. What could not be done is told to the user.
 */
void seed(struct probe *probe);

#endif
