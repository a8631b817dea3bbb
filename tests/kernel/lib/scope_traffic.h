/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that differ in everything a scope can ask for: processes, users, cgroups, network namespaces, families,
 * roles, states, times and ends.
 */
#ifndef TESTS_KERNEL_SCOPE_TRAFFIC_H
#define TESTS_KERNEL_SCOPE_TRAFFIC_H

#include <stdint.h>

#include "cgroup.h"
#include "helper.h"

#define STRANGER 54321 /* a uid that needs no name */
#define HELD_MS  120   /* how long one connection stays in ESTABLISHED at least */

/* A container's id begins with the test's number, lest two runs meet. */
#define CONTAINER_FORMAT "docker-%08xc0ffee5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0a1b2c3d.scope"
#define CONTAINER_PREFIX "%08xc0ff"

struct scope_traffic {
	struct cgroup outer, inner, service; /* outer.slice > docker-ID.scope, and service.service beside them */
	/* alpha connects to v4, beta to v6 and to a port where nobody listens, apart to itself in a network namespace
	 * of its own */
	uint16_t port_v4, port_v6, port_refusing, port_apart;
	/* server listens and accepts from v4, worker from v6, as another user in another cgroup */
	struct helper server, worker, alpha, beta, apart;
	uint64_t apart_netns;
};

extern struct scope_traffic scope_traffic;

/* The processes wait then. Skips the test where there are no cgroups (v2) or network namespaces. */
void scope_traffic_begin(void);

/* Everything has ended when it returns. */
void scope_traffic_make(void);

/* For every teardown, when the processes have been ended. */
void scope_traffic_end(void);

#endif
