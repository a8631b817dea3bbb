/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that differ in everything that a scope can filter: processes, users, cgroups, network namespaces,
 * families, roles, states, times and ends.
 */
#ifndef TESTS_KERNEL_SCOPE_TRAFFIC_H
#define TESTS_KERNEL_SCOPE_TRAFFIC_H

#include <stdint.h>

#include "cgroup.h"
#include "helper.h"

#define STRANGER 54321 /* a uid that needs no name */
#define HELD_MS  120   /* the least time that one connection stays in ESTABLISHED */

/* The id of a container begins with the pid of the test, so that two runs have different ids. */
#define CONTAINER_FORMAT "docker-%08xc0ffee5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0a1b2c3d.scope"
#define CONTAINER_PREFIX "%08xc0ff"

struct scope_traffic {
	struct cgroup outer, inner, service; /* outer.slice > docker-ID.scope, and service.service beside them */
	/*
	 * The ports of listeners: alpha connects to port_v4, beta to port_v6. Nothing listens on port_refusing, which
	 * beta also tries. apart connects to itself on port_apart, in a network namespace of its own.
	 */
	uint16_t port_v4, port_v6, port_refusing, port_apart;
	/*
	 * server listens on port_v4 and port_v6, and accepts from port_v4. worker accepts from port_v6, as another user
	 * in another cgroup.
	 */
	struct helper server, worker, alpha, beta, apart;
	uint64_t apart_netns;
};

extern struct scope_traffic scope_traffic;

/* Starts the processes, which wait. Skips the test if there are no cgroups (v2) or network namespaces. */
void scope_traffic_begin(void);

/* Makes the connections. Returns when all of them have ended. */
void scope_traffic_make(void);

/* For every teardown, after the end of the processes. */
void scope_traffic_end(void);

#endif
