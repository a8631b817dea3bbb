/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_SCOPE_ZONES_H
#define TCPVITALS_OS_SCOPE_ZONES_H

#include "core/scope.h"

/*
 * Looks up the names of zones in the lists of addresses, and fills scope->zones: every interface of that name, in all
 * network namespaces that can be entered and that the scope does not leave out. Takes a scope that is complete. 0, or
 * -EINVAL and an error for a name that there is nowhere.
 */
int scope_zones_find(struct scope *scope, struct parse_error *error);

#endif
