/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The places that a scope names: cgroups and network namespaces. A place may disappear while it is watched, and a new
 * one may appear under the same name.
 */
#ifndef TCPVITALS_OS_SCOPE_PLACES_H
#define TCPVITALS_OS_SCOPE_PLACES_H

#include "core/scope.h"

/*
 * Adds the place for the last number in scope->numbers. `path` leads to the place, or is empty. Returns 0 or -ENOMEM.
 */
int scope_places_add(struct scope *scope, const char *path);

/* Receives a place that has changed: its old and its new values. */
typedef void scope_places_fn(void *context, const struct scope_place *was, const struct scope_place *is);

/* Checks each place, and calls `report` for each one that has changed since the last check. */
void scope_places_check(struct scope *scope, scope_places_fn *report, void *context);

#endif
