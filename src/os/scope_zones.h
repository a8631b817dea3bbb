/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The zones in the address lists of a scope: turns names of interfaces into numbers. */
#ifndef TCPVITALS_OS_SCOPE_ZONES_H
#define TCPVITALS_OS_SCOPE_ZONES_H

#include "core/scope.h"

/*
 * Looks up the names of zones in the address lists, and fills scope->zones with each interface of that name. Network
 * namespaces that cannot be entered, or that the scope excludes, are left out. The scope must be complete.
 *
 * Returns 0, or -EINVAL with the reason in `error` if no interface has a name.
 */
int scope_zones_find(struct scope *scope, struct parse_error *error);

#endif
