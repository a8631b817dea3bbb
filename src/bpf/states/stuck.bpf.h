/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Scans all connections for states that last too long (--stuck). Transitions are then stored, and not emitted. A scan
 * does not hold the sockets' locks: a transition may happen on another CPU meanwhile.
 */
#ifndef TCPVITALS_BPF_STATES_STUCK_H
#define TCPVITALS_BPF_STATES_STUCK_H

#include "bpf/kernel.bpf.h"

#include "abi/stuck.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/states/transition.bpf.h"
#include "bpf/track/process.bpf.h"

const volatile struct stuck_settings stuck = {};

struct stuck_scan stuck_scan = {};

static __always_inline bool stuck_wants(__u8 state)
{
	return stuck.states >> (state & 15) & 1;
}

/*
 * The kernel fires the tracepoint just before it stores the new state: for a moment, stored and real state may differ.
 */
#define STUCK_MOMENT_NS 1000000000ULL

/*
 * Stores that the socket is found in `state` now. Returns false when a transition has happened meanwhile. `since_ns`
 * and `word` are the values that the caller has read; the stored state is a part of `word`.
 */
static __always_inline bool stuck_store_found(struct conn *conn, __u8 state, __u64 since_ns, __u32 word)
{
	__u32 *place = (__u32 *)&conn->state;
	__u32 found = word;

	*(__u8 *)&found = state;
	if (__sync_val_compare_and_swap(&conn->since_ns, since_ns, stuck_scan.time_ns | SINCE_AT_LEAST) != since_ns)
		return false;
	return __sync_val_compare_and_swap(place, word, found) == word;
}

/*
 * Returns when the state was entered, or when it was found (SINCE_AT_LEAST). 0: unknown at this moment.
 *
 * A state that is not the stored one, and has not just changed, was entered unseen: before the tool began, or by a
 * missed transition. Such a state counts as found now.
 *
 * `atomically`, a constant: 5.10 refuses an atomic exchange. There, a transition at the same moment may be overwritten,
 * and the next scan finds that the two states differ.
 */
static __always_inline __u64 stuck_since(struct conn *conn, __u8 state, bool atomically)
{
	/* In this order: a transition writes the state last. */
	__u32 word = *(volatile __u32 *)&conn->state;
	__u8 remembered = *(__u8 *)&word;
	__u64 since_ns = *(volatile __u64 *)&conn->since_ns, now_ns = stuck_scan.time_ns;

	if (since_ns && remembered == state)
		return since_ns;
	if (remembered && since_ns + STUCK_MOMENT_NS > now_ns)
		return 0;
	if (atomically && !stuck_store_found(conn, state, since_ns, word))
		return 0;
	if (remembered && since_ns && scope_admits_owner(&conn->owner))
		count(&losses.gaps);
	if (!atomically) {
		*(volatile __u64 *)&conn->since_ns = now_ns | SINCE_AT_LEAST;
		*(volatile __u8 *)&conn->state = state;
	}
	return now_ns | SINCE_AT_LEAST;
}

/*
 * Returns the time of the first SYN in ms, for stuck_clocks. Returns 0 where the kernel has that time in us, which the
 * route may ask for (since 6.7).
 */
static __always_inline __u32 stuck_syn_ms(struct tcp_sock *tp)
{
	if (bpf_core_field_exists(tp->tcp_usec_ts) && BPF_CORE_READ_BITFIELD(tp, tcp_usec_ts))
		return 0;
	return tp->retrans_stamp;
}

static __always_inline __u64 stuck_age(struct tcp_sock *tp, __u8 state, __u64 since_ns)
{
	struct stuck_clocks clocks = {
		.time_ns = stuck_scan.time_ns,
		.found_ns = since_ns & ~SINCE_AT_LEAST,
		.mstamp_us = tp->tcp_mstamp,
		.syn_ms = state == STATE_SYN_SENT ? stuck_syn_ms(tp) : 0,
		.state = state,
	};

	if (since_ns & SINCE_AT_LEAST)
		return stuck_least_ns(&clocks);
	return clocks.time_ns > since_ns ? clocks.time_ns - since_ns : 0;
}

static __always_inline void stuck_emit(const struct transition *t)
{
	void *ring = ring_here();
	struct transition *record = ring_reserve(ring, sizeof(*record));

	if (!record)
		return;
	*record = *t;
	ring_submit(ring, record);
}

/* Judges a connection, and emits a row if it is due. `t` has the fields of the socket, and those are in scope. */
static __always_inline void stuck_judge(struct transition *t, struct tcp_sock *tp, struct conn *conn, bool atomically)
{
	__u64 since_ns = stuck_since(conn, t->newstate, atomically);
	bool is_stuck, is_known = !(since_ns & SINCE_AT_LEAST), is_judged = true;
	__u8 role = scope_role(t, conn->role);

	if (!since_ns)
		return;
	owner_copy(&t->owner, &conn->owner);
	if (process_names_show)
		process_apply_name(&t->owner, conn->owned_ns);
	if (!scope_admits_row(t, CAUSE_NONE, role)) {
		if (!scope_cannot_judge(t, role))
			return;
		is_judged = false;
	}
	t->time_ns = stuck_scan.time_ns;
	t->duration_ns = stuck_age(tp, t->newstate, since_ns);
	t->flags = TRANSITION_SCAN | (is_known ? 0 : TRANSITION_AT_LEAST);
	t->conn_seq = conn->conn_seq;
	t->mptcp_token = conn->mptcp_token;
	t->syn_retrans = SYN_RETRANS_NONE;
	is_stuck = t->duration_ns >= stuck.longer_ns;
	if (stuck.once && conn->shown == (__u32)since_ns)
		return;
	if (!is_stuck && !is_known)
		stuck_scan.undecided++;
	if (is_stuck && !is_judged)
		stuck_scan.unjudged++;
	if (!is_judged || (!is_stuck && (is_known || !stuck_scan.is_last)))
		return;
	stuck_scan.found += is_stuck;
	conn->shown = since_ns;
	stuck_emit(t);
}

#endif
