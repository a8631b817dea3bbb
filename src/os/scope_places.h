/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The cgroups and network namespaces that a scope names. They may go away while they are watched, and others may come
 * by the same name.
 */
#ifndef TCPVITALS_OS_SCOPE_PLACES_H
#define TCPVITALS_OS_SCOPE_PLACES_H

#include "core/scope.h"

/* The last number of the scope is that of a place, which `path` leads to ("" for nothing). 0 or -ENOMEM. */
int scope_places_add(struct scope *scope, const char *path);

/* `was` and `is` are what is known of it; the one differs from the other. */
typedef void scope_places_fn(void *context, const struct scope_place *was, const struct scope_place *is);

/* Looks at each, and calls `tell` for each that has changed since the last look. */
void scope_places_check(struct scope *scope, scope_places_fn *report, void *context);

#endif
