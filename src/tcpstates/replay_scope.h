/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Applies the scope to a record of --replay. */
#ifndef TCPVITALS_TCPSTATES_REPLAY_SCOPE_H
#define TCPVITALS_TCPSTATES_REPLAY_SCOPE_H

#include "core/scope.h"
#include "replay/record.h"

#include <limits.h>
#include <stdbool.h>

struct replay_scope {
	const struct scope *scope;
	char cgroup_root[PATH_MAX]; /* where this machine has its cgroups; empty: nowhere */
};

void replay_scope_begin(const struct scope *scope, struct replay_scope *ret);

bool replay_scope_admits(const struct replay_scope *scope, const struct record *record);

#endif
