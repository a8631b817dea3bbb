/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides when to take a sample, of which connection, and in which group the sample counts. */
#ifndef TCPVITALS_BPF_RTT_SAMPLE_H
#define TCPVITALS_BPF_RTT_SAMPLE_H

#include "bpf/kernel.bpf.h"

#include "abi/rtt.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/rtt/group.bpf.h"
#include "bpf/rtt/histogram.bpf.h"
#include "bpf/rtt/pending.bpf.h"
#include "bpf/track/accept.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

const volatile __u8 rtt_kind = RTT_SRTT;
const volatile bool rtt_grouped = false;
const volatile __u32 rtt_fields = 0;        /* enum rtt_field */
const volatile bool rtt_scoped = false;     /* the scope may exclude a connection */
const volatile bool rtt_uses_owner = false; /* the owner decides about a connection's group or scope */
const volatile bool rtt_remembers = false;  /* samples need a struct conn */

static __always_inline void read_asked_fields(struct transition *t, struct tcp_sock *tp, bool probed)
{
	__u32 fields = rtt_fields;
	/* all kinds but the smoothed value may be sampled at CLOSE */
	bool closed = rtt_kind != RTT_SRTT;

	if (fields & RTT_FIELD_ADDRESSES)
		sock_read_addresses(t, tp, 0, probed, true);
	if (fields & RTT_FIELD_LPORT)
		t->lport = sock_lport(tp, probed, closed);
	if (fields & RTT_FIELD_RPORT)
		t->rport = sock_rport(tp, probed);
	if (fields & RTT_FIELD_NETNS)
		t->netns = sock_netns(tp, probed);
	if (fields & RTT_FIELD_IFINDEX)
		t->ifindex = sock_ifindex(tp, probed);
	if (fields & RTT_FIELD_UID)
		t->uid = SOCK_GET(probed, tp, SOCK_INET.sk.sk_uid.val);
}

static __always_inline bool in_scope(struct tcp_sock *tp, const struct transition *t, const struct owner *owner,
				     __u8 role, bool probed)
{
	if (!rtt_scoped)
		return true;
	if (scope.numbers[SCOPE_NETNS] && !netns_in_scope(tp, probed))
		return false;
	if (scope.by_socket && !scope_admits_socket(t))
		return false;
	return scope_admits_role(role) && scope_admits_uid(t->uid) && scope_admits_owner(owner);
}

/* Fills in the identity of a connection: cookie and conn_seq, as in struct transition. `conn` may be NULL. */
static __always_inline void read_connection(struct transition *t, struct tcp_sock *tp, const struct conn *conn)
{
	if (group_by[0] != RTT_BY_CONN)
		return;
	/*
	 * Without socket storage, a socket has a cookie only if a process asked, perhaps in the middle of the
	 * connection.
	 */
	if (conn_in_socket)
		t->cookie = tp->SOCK_COMMON.skc_cookie.counter;
	t->conn_seq = conn ? conn->conn_seq : CONN_SEQ_UNKNOWN;
}

/* Returns the number of the connection's group + 1 (1 when there are no groups), or GROUP_OUT. `conn` may be NULL. */
static __always_inline __u32 classify(struct tcp_sock *tp, const struct conn *conn, const struct owner *owner,
				      bool probed)
{
	__u8 role = conn ? conn->role : ROLE_UNKNOWN;
	struct transition t = {};

	read_asked_fields(&t, tp, probed);
	read_connection(&t, tp, conn);
	if (!in_scope(tp, &t, owner, role, probed))
		return GROUP_OUT;
	if (!rtt_grouped)
		return 1;
	/* With RTT_BY_CONN, the group is looked up once for each connection. */
	return group_number(&t, owner, tp, probed, rtt_kind == RTT_SRTT && group_by[0] != RTT_BY_CONN) + 1;
}

/*
 * Returns what classify() returns, and keeps the group until the owner changes. The group of a connection without an
 * owner is not kept: the seeding may find the owner soon. `owner_turn` is read first, because another CPU may write the
 * owner meanwhile.
 */
static __always_inline __u32 classify_once(struct tcp_sock *tp, struct conn *conn)
{
	__u32 group = conn->group;
	struct owner owner;
	__u8 turn;

	if (rtt_uses_owner)
		process_refresh_name(conn);
	turn = *(volatile __u8 *)&conn->owner_turn;
	if (group && conn->group_turn == turn)
		return group;
	owner_copy(&owner, &conn->owner);
	group = classify(tp, conn, &owner, false);
	conn->group_turn = turn;
	conn->group = rtt_uses_owner && owner.source == OWNER_UNKNOWN ? 0 : group;
	return group;
}

/*
 * Returns the number of the group + 1, or GROUP_OUT. `conn` is NULL when samples need no struct conn, or when there is
 * no memory.
 */
static __always_inline __u32 group_of(struct tcp_sock *tp, struct conn *conn, bool probed)
{
	if (conn && !probed)
		return classify_once(tp, conn);
	if (rtt_scoped || rtt_grouped) {
		struct owner nobody = {};

		return classify(tp, NULL, &nobody, probed);
	}
	return 1;
}

/* Returns the histogram in which the samples of `group` count. */
static __always_inline struct histogram *histogram_of(__u32 group, __u32 own_histogram, bool shared)
{
	if (shared)
		return bpf_map_lookup_elem(&group_histograms, &group);
	return bpf_map_lookup_elem(&histograms, rtt_grouped ? &group : &own_histogram);
}

/* Counts the waiting samples in this group (its number + 1), or drops them (GROUP_OUT). */
static __always_inline void release_pending(struct tcp_sock *tp, struct conn *conn, __u32 group, __u32 own_histogram)
{
	conn->pending = 0;
	pending_release(tp, group == GROUP_OUT ? NULL : histogram_of(group - 1, own_histogram, rtt_grouped));
}

static __always_inline void take_sample(struct tcp_sock *tp, struct conn *conn, bool probed, __u32 own_histogram,
					__u64 us)
{
	__u64 mdev = rtt_sums ? SOCK_GET(probed, tp, mdev_us) : 0;
	struct histogram *histogram;
	__u32 group;
	bool shared;

	if (rtt_uses_owner && conn)
		accept_claim(conn, (__u64)(unsigned long)tp);
	group = group_of(tp, conn, probed);
	if (rtt_uses_owner && conn) {
		bool waits = conn->listener && owner_is_guess(&conn->owner);

		/* No process was seen accepting the connection: the sample waits for that, if there is room. */
		if (waits && pending_add(tp, !conn->pending, group, us, mdev)) {
			conn->pending = 1;
			return;
		}
		/* The process that accepts may be in scope: the samples that wait go on waiting. */
		if (waits && group == GROUP_OUT) {
			count(&counters.unheld);
			return;
		}
		if (conn->pending)
			release_pending(tp, conn, group, own_histogram);
	}
	if (group == GROUP_OUT)
		return;
	if (rtt_remembers && !conn)
		count(&counters.storage_full);
	group--;
	shared = rtt_grouped && (group >= RTT_GROUPS_PER_CPU || own_histogram != HISTOGRAM_OF_SAMPLES);
	histogram = histogram_of(group, own_histogram, shared);
	if (histogram)
		histogram_add(histogram, shared || rtt_may_nest, us, mdev);
}

/* Counts a sample that the kernel has not measured. Such a sample makes no group. */
static __always_inline void note_unmeasured(struct tcp_sock *tp, const struct conn *conn, bool probed)
{
	struct transition t = {};
	struct owner nobody = {};

	if (rtt_scoped) {
		read_asked_fields(&t, tp, probed);
		if (!in_scope(tp, &t, conn ? &conn->owner : &nobody, conn ? conn->role : ROLE_UNKNOWN, probed))
			return;
	}
	count(&counters.unmeasured);
}

/*
 * Takes a sample when RACK has a new measurement. RACK's clock moves with each new measurement, except for an ACK of a
 * part of a GSO buffer: that changes only the measured value. The first measurement found on an older connection was
 * made before the tool started: only the next one counts.
 */
static __always_inline void take_measurement(struct tcp_sock *tp, struct conn *conn, __u32 own_histogram)
{
	__u64 mstamp = tp->rack.mstamp;
	__u32 end_seq = tp->rack.end_seq, rtt_us = tp->rack.rtt_us;

	if (mstamp != conn->mstamp || end_seq != conn->end_seq || rtt_us != conn->rtt_us) {
		conn->mstamp = mstamp;
		conn->end_seq = end_seq;
		conn->rtt_us = rtt_us;
		if (conn->followed)
			take_sample(tp, conn, false, own_histogram, rtt_us);
	}
	conn->followed = 1; /* each later measurement counts, also if there was none when the tool started */
}

/* Counts a connection without SACK as unmeasured, once, as soon as that is known: RACK needs SACK. */
static __always_inline void note_lack_of_sack(struct tcp_sock *tp, struct conn *conn)
{
	if (conn && conn->no_sack_noted)
		return;
	if (conn)
		conn->no_sack_noted = 1;
	note_unmeasured(tp, conn, false);
}

static __always_inline bool lacks_sack(struct tcp_sock *tp)
{
	return !BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok);
}

/* Takes the smoothed value at a segment in ESTABLISHED, before the kernel looks at the segment. */
static __always_inline void take_smoothed(struct tcp_sock *tp, struct conn *conn, bool probed)
{
	__u64 us = SOCK_GET(probed, tp, srtt_us) >> 3;

	if (us)
		take_sample(tp, conn, probed, HISTOGRAM_OF_SAMPLES, us);
	else
		note_unmeasured(tp, conn, probed);
}

/* Whether a connection is in scope that is older than the tool, and that the seeding has not found. */
static __always_inline bool sample_is_in_scope(struct tcp_sock *tp)
{
	struct transition t = {};
	struct owner nobody = {};

	if (!rtt_scoped)
		return true;
	read_asked_fields(&t, tp, false);
	return in_scope(tp, &t, &nobody, ROLE_UNKNOWN, false);
}

static __always_inline void on_segment(struct sock *sk, struct tcp_sock *tp)
{
	struct conn *conn = rtt_remembers ? conn_of(sk) : NULL;

	if (rtt_remembers && !conn) {
		if (!sample_is_in_scope(tp))
			return;
		conn = conn_in_socket ? sock_storage_make(&conn_storage, sk) : conn_hash_add(sk);
	}
	/* A socket older than the tool may have no cookie yet. */
	if (group_by[0] == RTT_BY_CONN && conn_in_socket && (!conn || !conn->group))
		cookie_of(sk);
	if (rtt_kind == RTT_SRTT)
		take_smoothed(tp, conn, false);
	else if (!conn)
		count(&counters.storage_full);
	else if (lacks_sack(tp))
		note_lack_of_sack(tp, conn);
	else
		take_measurement(tp, conn, HISTOGRAM_OF_SAMPLES);
}

static __always_inline void take_handshake(struct tcp_sock *tp, struct conn *conn)
{
	__u64 us = tp->srtt_us >> 3;

	if (us)
		take_sample(tp, conn, false, HISTOGRAM_OF_STATES, us);
	else
		note_unmeasured(tp, conn, false); /* retransmitted, without timestamps that show which was answered */
}

/* Takes the sample at the end of a connection that had been established. */
static __always_inline void take_end(struct tcp_sock *tp, struct conn *conn)
{
	__u32 min_us = tp->rtt_min.s[0].v;

	if (rtt_kind == RTT_MIN) {
		if (min_us != ~0U)
			take_sample(tp, conn, false, HISTOGRAM_OF_STATES, min_us);
		else
			note_unmeasured(tp, conn, false);
	} else if (rtt_kind == RTT_RTT && lacks_sack(tp)) {
		note_lack_of_sack(tp, conn); /* no segment has arrived */
	}
}

/*
 * Takes the samples of a transition, after the tracking programs. `conn` is NULL when samples need no struct conn, or
 * when there is no memory.
 */
static __always_inline void sample_on_state(struct tcp_sock *tp, struct conn *conn, int oldstate, int newstate)
{
	bool begins = state_is_birth(oldstate, newstate) || state_is_begin(oldstate, newstate);

	/* `conn` is tested first and alone: in a combined condition, 6.1's verifier forgets that `conn` is not NULL. */
	if (conn) {
		if (begins)
			conn->followed = 1;
		else if (rtt_kind == RTT_RTT)
			take_measurement(tp, conn, HISTOGRAM_OF_STATES);
	}
	/* Repair mode has no handshake. */
	if (rtt_kind == RTT_HANDSHAKE && newstate == STATE_ESTABLISHED && !BPF_CORE_READ_BITFIELD(tp, repair))
		take_handshake(tp, conn);
	if (newstate == STATE_CLOSE && oldstate != STATE_SYN_SENT && oldstate != STATE_SYN_RECV &&
	    oldstate != STATE_LISTEN && oldstate != STATE_CLOSE)
		take_end(tp, conn);
	if (rtt_uses_owner && conn && conn->pending && (newstate == STATE_CLOSE || !owner_is_guess(&conn->owner)))
		release_pending(tp, conn, classify_once(tp, conn), HISTOGRAM_OF_STATES);
}

#endif
