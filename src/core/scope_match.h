/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Applies a scope in user space, to a record that is there already. The answers are those of bpf/track/scope.bpf.h:
 * an unknown value is in no list, so a list of values to show leaves the record out.
 */
#ifndef TCPVITALS_CORE_SCOPE_MATCH_H
#define TCPVITALS_CORE_SCOPE_MATCH_H

#include "abi/transition.h"
#include "core/scope.h"

/* A record, and what a scope asks for besides. */
struct scope_subject {
	/* Of an open connection, oldstate and newstate are its state, and duration_ns is the time in it so far. */
	const struct transition *record;
	uint8_t cause; /* enum cause, of the transition or of the whole connection */
	uint8_t role;  /* enum connection_role */
	/* The ids of the owner's cgroup and of its ancestors, the nearest first. With none: record->owner.cgroup_id. */
	const uint64_t *cgroups;
	size_t cgroup_count;
};

/* `scope` is complete (scope_complete()). A command's process tree is judged by owner.in_tree. */
bool scope_match(const struct scope *scope, const struct scope_subject *subject);

#endif
