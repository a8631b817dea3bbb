/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Applies the scope (abi/scope.h). The settings are constants when the program is loaded: unused filters cost nothing.
 * The parts are: the fields of the socket, which need no storage; the owner; the fields of the finished row.
 */
#ifndef TCPVITALS_BPF_TRACK_SCOPE_H
#define TCPVITALS_BPF_TRACK_SCOPE_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"
#include "abi/scope.h"
#include "abi/tcp_state.h"
#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/losses.bpf.h"

const volatile struct scope_settings scope = {};

/* User space makes room for more entries where the scope has more. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct scope_number);
	__type(value, __u8);
} scope_numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix_key);
	__type(value, __u8);
} scope_laddrs SEC(".maps"), scope_raddrs SEC(".maps");

enum scope_verdict {
	SCOPE_OUT,   /* not of interest, and never will be */
	SCOPE_IN,    /* to be shown */
	SCOPE_TRACK, /* not to be shown, but tracked: a listener's children inherit its owner */
	SCOPE_HOLD,  /* addresses are not known yet: the next transition decides */
};

static __always_inline bool scope_has_port(const volatile struct port_set *set, __u32 port)
{
	/*
	 * Before 6.8 the verifier forgets the range of a 16-bit value that was on the stack. The asm makes clang forget
	 * the range, too, or clang leaves out the masking.
	 */
	asm volatile("" : "+r"(port));
	return port_set_has(set, port);
}

/* `sense`: the entry of a value in a list, NULL if there is none. `list`: bits of enum scope_sense. */
static __always_inline bool scope_admits(__u8 list, const __u8 *sense)
{
	return sense ? *sense == SCOPE_WANTED : !(list & SCOPE_WANTED);
}

static __always_inline bool scope_admits_number(enum scope_kind kind, __u64 value)
{
	struct scope_number key = {.value = value, .kind = kind};

	return scope_admits(scope.numbers[kind], bpf_map_lookup_elem(&scope_numbers, &key));
}

/* An entry with the zone, in its network namespace or in any, decides before an entry without a zone. */
static __always_inline bool scope_admits_address(void *map, __u8 list, const struct transition *t,
						 const __u8 address[16])
{
	struct prefix_key key = {.bits = PREFIX_KEY_BITS, .ip_version = t->ip_version};
	const __u8 *sense = NULL;

	__builtin_memcpy(key.address, address, 16);
	if (scope.zones && t->ip_version == 6 && sock_is_link_local(*(const __u64 *)address)) {
		key.ifindex = t->ifindex;
		key.netns = t->netns;
		sense = bpf_map_lookup_elem(map, &key);
		key.netns = 0;
		if (!sense)
			sense = bpf_map_lookup_elem(map, &key);
		key.ifindex = 0;
	}
	return scope_admits(list, sense ? sense : bpf_map_lookup_elem(map, &key));
}

/* ---- fields of the socket, constant while its connection lasts -------------------------------------------------- */

static __always_inline bool scope_admits_local(const struct transition *t)
{
	if (scope.ip_version && t->ip_version != scope.ip_version)
		return false;
	return !scope.laddrs || scope_admits_address(&scope_laddrs, scope.laddrs, t, t->laddr);
}

static __always_inline bool scope_admits_remote(const struct transition *t)
{
	if (scope.by_rport && !scope_has_port(&scope.rports, t->rport))
		return false;
	return !scope.raddrs || scope_admits_address(&scope_raddrs, scope.raddrs, t, t->raddr);
}

/* For an established connection. `t` has the ports and addresses that the scope asks for. */
static __always_inline bool scope_admits_socket(const struct transition *t)
{
	if (scope.by_lport && !scope_has_port(&scope.lports, t->lport))
		return false;
	return scope_admits_local(t) && scope_admits_remote(t);
}

/*
 * Whether a listener itself is shown. A listener has no remote end, and its children may have another family and
 * another local address: a listener is tracked for its children in any case.
 */
static __always_inline bool scope_admits_listener(const struct transition *t)
{
	if (scope.by_rport && !scope_has_port(&scope.rports, 0))
		return false;
	return scope_admits(scope.raddrs, NULL) && scope_admits_local(t);
}

/* `t` has ports and addresses. The network namespace is in scope (netns.bpf.h). */
static __always_inline enum scope_verdict scope_judge(const struct transition *t)
{
	/* Before 6.15 a child has its own remote address only after LISTEN -> SYN_RECV. */
	__u64 nameless_child = is_zero((t->newstate ^ STATE_SYN_RECV) | t->rport);
	bool listening = t->newstate == STATE_LISTEN || (t->oldstate == STATE_LISTEN && t->newstate == STATE_CLOSE);
	/* Without bind(), the kernel chooses the port after CLOSE -> SYN_SENT and CLOSE -> LISTEN. */
	bool portless = !t->lport && (t->newstate == STATE_SYN_SENT || t->newstate == STATE_LISTEN);

	if (!scope.by_socket)
		return SCOPE_IN + nameless_child * (SCOPE_HOLD - SCOPE_IN);
	if (scope.by_lport && !portless && !scope_has_port(&scope.lports, t->lport))
		return SCOPE_OUT;
	if (nameless_child)
		return SCOPE_HOLD;
	if (listening && !scope_admits_listener(t))
		return SCOPE_TRACK;
	if (!listening && !(scope_admits_local(t) && scope_admits_remote(t)))
		return SCOPE_OUT;
	return scope.by_lport && portless ? SCOPE_HOLD : SCOPE_IN;
}

/* ---- the owner -------------------------------------------------------------------------------------------------- */

/* An unknown owner is in no list. */
static __always_inline bool scope_admits_unknown_owner(void)
{
	return !scope.tree.tgid &&
	       !((scope.numbers[SCOPE_PID] | scope.numbers[SCOPE_CGROUP] | scope.comms) & SCOPE_WANTED);
}

#ifndef WITHOUT_BTF

/* Most ancestors that --cgroup looks at: an ancestor further up is not found. */
#define SCOPE_CGROUP_DEPTH 32

/* Returns the cgroup of `self`. Reads `self` as a struct cgroup, which begins with it (kernel.bpf.h has the reason). */
static __always_inline struct cgroup *scope_cgroup_of(struct cgroup_subsys_state *self, bool typed)
{
	struct cgroup *same = (struct cgroup *)self;

	return typed ? same->self.cgroup : BPF_CORE_READ(same, self.cgroup);
}

/*
 * Whether the task's cgroup is in scope: the nearest listed one decides, its own or an ancestor. `typed`: the task can
 * be read directly.
 *
 * The ancestors are walked. bpf_get_current_ancestor_cgroup_id() supports the current task only, and tracing programs
 * have it since 5.14. That helper also needs the depth of the cgroup, which a cgroup namespace hides.
 */
static __always_inline bool scope_admits_cgroup_of(struct task_struct *task, bool typed)
{
	struct cgroup *cgroup = typed ? task->cgroups->dfl_cgrp : BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u8 nearest = 0;

	for (int i = 0; i < SCOPE_CGROUP_DEPTH && cgroup && !nearest; i++) {
		struct scope_number key = {.kind = SCOPE_CGROUP};
		struct cgroup_subsys_state *above;
		__u8 *sense;

		key.value = typed ? cgroup->kn->id : BPF_CORE_READ(cgroup, kn, id);
		sense = bpf_map_lookup_elem(&scope_numbers, &key);
		if (sense)
			nearest = *sense;
		above = typed ? cgroup->self.parent : BPF_CORE_READ(cgroup, self.parent);
		cgroup = above ? scope_cgroup_of(above, typed) : NULL;
	}
	return nearest ? nearest == SCOPE_WANTED : !(scope.numbers[SCOPE_CGROUP] & SCOPE_WANTED);
}

#endif

/*
 * A function of its own, as others here, so that other programs do not grow. All inlined, the verifier followed half as
 * many instructions again, through code that could not be reached.
 */
static __noinline bool scope_admits_process(const struct owner *owner)
{
	bool admitted = !scope.numbers[SCOPE_CGROUP] || owner->in_cgroup;

	if (scope.tree.tgid)
		admitted &= owner->in_tree;
	if (scope.numbers[SCOPE_PID])
		admitted &= scope_admits_number(SCOPE_PID, owner->pid);
	if (scope.comms) {
		__u64 matched = glob_match(&scope.comm_globs, owner->comm);

		admitted &= !(matched & scope.comm_globs.unwanted) &&
			    (!(scope.comms & SCOPE_WANTED) || matched & scope.comm_globs.wanted);
	}
	return admitted;
}

static __always_inline bool scope_admits_owner(const struct owner *owner)
{
	if (!scope.by_owner)
		return true;
	return owner->source == OWNER_UNKNOWN ? scope_admits_unknown_owner() : owner->in_scope;
}

/* ---- fields of the finished row --------------------------------------------------------------------------------- */

/* The scope, a group or a metric asks for roles. */
const volatile bool tracks_roles = false;

/* `known`: the stored role. */
static __always_inline __u8 scope_role(const struct transition *t, __u8 known)
{
	if (t->oldstate == STATE_LISTEN || t->newstate == STATE_LISTEN)
		return ROLE_SERVER;
	return t->oldstate == STATE_SYN_SENT || t->newstate == STATE_SYN_SENT ? ROLE_CLIENT : known;
}

static __always_inline bool scope_admits_role(__u8 role)
{
	return !scope.roles || scope.roles >> (role & 7) & 1;
}

static __always_inline bool scope_admits_uid(__u32 uid)
{
	return !scope.numbers[SCOPE_UID] || scope_admits_number(SCOPE_UID, uid);
}

static __always_inline bool scope_admits_states(const struct transition *t)
{
	/* A duration is that of the old state: with a duration filter, only the old state counts. */
	__u16 touched = 1U << t->oldstate | (scope.min_duration_ns ? 0 : 1U << t->newstate);

	if (scope.states_wanted && !(touched & scope.states_wanted))
		return false;
	return !(touched & scope.states_unwanted);
}

static __noinline bool scope_admits_finished(const struct transition *t, __u8 cause, __u8 role)
{
	if ((scope.states_wanted || scope.states_unwanted) && !scope_admits_states(t))
		return false;
	if (scope.causes && !(scope.causes >> (cause & 31) & 1))
		return false;
	if (scope.min_duration_ns && (t->duration_ns == DURATION_UNKNOWN || t->duration_ns < scope.min_duration_ns))
		return false;
	return scope_admits_role(role) && scope_admits_uid(t->uid) && scope_admits_owner(&t->owner);
}

/* `t` is complete. `cause` is the transition's, or that of the whole connection. */
static __always_inline bool scope_admits_row(const struct transition *t, __u8 cause, __u8 role)
{
	return !scope.by_row || scope_admits_finished(t, cause, role);
}

/* Whether a row is not admitted only because its owner or its role is unknown. */
static __noinline bool scope_cannot_judge(const struct transition *t, __u8 role)
{
	bool unknown_role = role == ROLE_UNKNOWN && !scope_admits_role(role);
	bool unknown_owner = t->owner.source == OWNER_UNKNOWN && !scope_admits_owner(&t->owner);

	if (!unknown_role && !unknown_owner)
		return false;
	return (unknown_role || scope_admits_role(role)) && (unknown_owner || scope_admits_owner(&t->owner)) &&
	       scope_admits_uid(t->uid);
}

/* Whether a socket is out of scope while its owner or its role is unknown. */
static __always_inline bool scope_needs_memory(void)
{
	return scope.by_row && (!scope_admits_unknown_owner() || !scope_admits_role(ROLE_UNKNOWN));
}

/*
 * Whether a socket may be out of scope by its uid, or by an unknown owner or role. Such a socket need not be stored
 * until it turns out to be in scope. With lists of values not to show, each socket must be stored: an excluded value
 * has to be known.
 */
static __always_inline bool scope_may_exclude_unknown(void)
{
	return scope_needs_memory() || (scope.by_row && scope.numbers[SCOPE_UID]);
}

/* Counts a socket that has no memory: its rows show less, or their scope cannot be judged. */
static __always_inline void scope_count_unremembered(void)
{
	count(scope_needs_memory() ? &losses.unjudged : &losses.storage_full);
}

#endif
