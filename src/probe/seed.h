/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Seeding: records the sockets that are older than the tool, and their owners. */
#ifndef TCPVITALS_PROBE_SEED_H
#define TCPVITALS_PROBE_SEED_H

#include "probe/probe.h"

/* Effects if the programs for older sockets are refused. */
#define SEED_WITHOUT_OWNERS "the owners of connections that are older than the tool are unknown"
#define SEED_WITHOUT_REST   "connections that are older than the tool and have no descriptor are unknown"

/*
 * Records the older sockets and their owners in the kernel side. Call it after the programs are attached. Sets
 * probe->misses_older_sockets. Failures are reported on stderr.
 */
void seed(struct probe *probe);

#endif
