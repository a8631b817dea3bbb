/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts transitions for the exporter: sockets in each state, times, connections opened and closed. */
#ifndef TCPVITALS_BPF_METRICS_COUNT_H
#define TCPVITALS_BPF_METRICS_COUNT_H

#include "bpf/kernel.bpf.h"

#include "abi/metrics.h"
#include "abi/transition.h"
#include "bpf/metrics/group.bpf.h"
#include "bpf/metrics/listeners.bpf.h"
#include "bpf/metrics/meter.bpf.h"
#include "bpf/read/state.bpf.h"
#include "bpf/track/classify.bpf.h"
#include "bpf/track/losses.bpf.h"

/* One value. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct open_sockets);
} open_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, METRIC_TIMES);
	__type(key, __u32);
	__type(value, struct time_histogram);
} metric_times SEC(".maps");

static __always_inline void metrics_count_time(__u32 index, __u64 ns)
{
	metrics_add_time(bpf_map_lookup_elem(&metric_times, &index), ns);
}

/* The socket counts as open in `state` from now on; 0: it is not open. */
static __always_inline void metrics_move(struct conn *conn, __u8 state)
{
	struct open_sockets *open;
	__u8 before = conn->counted;
	__u32 zero = 0;

	if (before == state)
		return;
	open = bpf_map_lookup_elem(&open_sockets, &zero);
	if (!open)
		return;
	conn->counted = state;
	__sync_fetch_and_add(&open->in_state[before & (METRICS_STATES - 1)], -1);
	__sync_fetch_and_add(&open->in_state[state & (METRICS_STATES - 1)], 1);
}

/* Counts the time in the old state, and that of a handshake that ends. */
static __always_inline void metrics_count_times(const struct transition *t)
{
	if (t->duration_ns == DURATION_UNKNOWN || t->flags & TRANSITION_AT_LEAST || t->oldstate == t->newstate)
		return;
	if (t->oldstate != STATE_CLOSE && t->oldstate < METRICS_STATES)
		metrics_count_time(TIMES_OF_STATE + t->oldstate, t->duration_ns);
	if (t->newstate == STATE_ESTABLISHED)
		metrics_count_time(TIMES_OF_HANDSHAKE + (t->oldstate == STATE_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER),
				   t->duration_ns);
}

/* Whether the connection's group can be found now. Until 6.15 a child gets its remote address after its birth. */
static __always_inline bool metrics_knows_group(const struct transition *t)
{
	return t->rport || !(classify_fields & GROUP_FIELD_ADDRESSES);
}

/* Counts the connection's beginning, and its end at a transition to CLOSE. */
static __always_inline void metrics_count_connection(struct sock *sk, struct tcp_sock *tp, const struct transition *t,
						     struct conn *conn)
{
	struct group_metrics *group = metrics_of(classify_transition(tp, conn, t) - 1);
	__u32 role = conn->role, cause = cause_of_connection(t->cause, t->oldstate);
	struct meter *meter;

	if (!group || role >= ROLES || cause >= CAUSES)
		return;
	if (conn->unopened)
		__sync_fetch_and_add(&group->opened[role], 1);
	conn->unopened = 0;
	if (t->newstate != STATE_CLOSE)
		return;
	__sync_fetch_and_add(&group->closed[role][cause], 1);
	meter = meter_find(sk);
	if (!meter)
		return;
	meter_count(meter, tp, group, t->time_ns);
	if (meter->start_ns)
		metrics_count_time(TIMES_OF_CONNECTION + role, t->time_ns - meter->start_ns);
	meter->start_ns = 0; /* the socket may begin another connection */
}

static __always_inline void metrics_begin_meter(struct sock *sk, struct tcp_sock *tp, const struct transition *t)
{
	struct meter *meter = meter_make(sk);

	if (!meter) {
		count(&losses.storage_full);
		return;
	}
	__builtin_memset(meter, 0, sizeof(*meter));
	meter->start_ns = t->time_ns;
	/* A disconnect clears all counters but these. */
	chrono_read(tp, meter->chronos);
}

static __always_inline void metrics_enter_meter(struct sock *sk, const struct transition *t)
{
	struct meter *meter = meter_is_able(t->oldstate) == meter_is_able(t->newstate) ? NULL : meter_find(sk);

	if (meter)
		meter_enter(meter, t->newstate, t->time_ns);
}

/*
 * Follows a connection through a complete transition, when owner and duration are known. `admitted`: the transition is
 * in scope.
 *
 * A function of its own, because the stack of a program and of all that it calls has 512 bytes. Before 6.13 that
 * includes calls that are never made.
 */
static __noinline int metrics_follow(struct sock *sk, struct tcp_sock *tp, const struct transition *t,
				     struct conn *conn, bool admitted)
{
	bool begins = state_is_birth(t->oldstate, t->newstate) || state_is_begin(t->oldstate, t->newstate);

	metrics_move(conn, admitted && t->newstate != STATE_CLOSE ? t->newstate : 0);
	if (t->newstate == STATE_LISTEN)
		listeners_begin(conn, tp);
	else if (t->oldstate == STATE_LISTEN && !begins && admitted)
		listeners_end(conn, tp, t);
	/* A listener's own transitions belong to no connection. ss -K closes a listener twice. */
	if (t->newstate == STATE_LISTEN || (t->oldstate == STATE_LISTEN && !begins) ||
	    (t->oldstate == STATE_CLOSE && t->newstate == STATE_CLOSE))
		return 0;
	if (begins) {
		metrics_begin_meter(sk, tp, t);
		conn->unopened = 1;
	} else {
		metrics_enter_meter(sk, t);
	}
	if (!admitted)
		return 0;
	metrics_count_times(t);
	if (t->newstate == STATE_CLOSE || (conn->unopened && metrics_knows_group(t)))
		metrics_count_connection(sk, tp, t, conn);
	return 0;
}

#endif
