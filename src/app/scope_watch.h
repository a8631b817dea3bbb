/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watches the processes, cgroups and network namespaces that the scope names. Reports to the user when one is missing,
 * goes away or comes back, and updates the probe.
 */
#ifndef TCPVITALS_APP_SCOPE_WATCH_H
#define TCPVITALS_APP_SCOPE_WATCH_H

#include "core/scope.h"
#include "probe/probe.h"

#include <stdbool.h>

/* Call at the start. Sets scope->no_pid_exists and scope->no_netns_exists. */
void scope_watch_begin(struct scope *scope);

/* Call once a second. `verbose`: also reports a place that was made again before it was missed. */
void scope_watch_tick(struct scope *scope, const struct probe *probe, bool verbose);

#endif
