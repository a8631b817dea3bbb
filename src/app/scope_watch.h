/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells the user when what the scope names is not there, goes away or comes back, and the probe what there is instead.
 */
#ifndef TCPVITALS_APP_SCOPE_WATCH_H
#define TCPVITALS_APP_SCOPE_WATCH_H

#include "core/scope.h"
#include "probe/probe.h"

#include <stdbool.h>

/* At the start. Sets scope->is_blind and scope->is_placeless. */
void scope_watch_begin(struct scope *scope);

/* Once a second. `verbose`: says also that something was made again without having been missed. */
void scope_watch_tick(struct scope *scope, const struct probe *probe, bool verbose);

#endif
