// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcprtt: samples into histograms. One sampling program is loaded (tp_btf, fentry or kprobe, with what is remembered of
 * a socket in its storage or in a hash), and beside it, where the kind of sample or the grouping asks for it, the
 * program that follows a connection's states.
 */
#include "bpf/kernel.bpf.h"

#include "abi/rtt.h"
#include "bpf/owner.bpf.h"
#include "bpf/rtt_conn.bpf.h"
#include "bpf/rtt_group.bpf.h"
#include "bpf/rtt_histogram.bpf.h"
#include "bpf/scope.bpf.h"
#include "bpf/seed.bpf.h"
#include "bpf/sock.bpf.h"

const volatile __u8 rtt_kind = RTT_SRTT;
const volatile bool rtt_grouped = false;
const volatile __u32 rtt_fields = 0;        /* enum rtt_field */
const volatile bool rtt_scoped = false;     /* not every connection counts */
const volatile bool rtt_uses_owner = false; /* whose a connection is decides about its group, or whether it counts */
const volatile bool rtt_remembers = false;  /* anything of struct rtt_conn is of use */

static __always_inline void read_asked(struct transition *t, struct tcp_sock *tp, bool probed)
{
	__u32 fields = rtt_fields;
	/* all but the smoothed value may be asked for at the end */
	bool closed = rtt_kind != RTT_SRTT;

	if (fields & RTT_FIELD_ADDRESSES)
		sock_read_addresses(t, tp, 0, probed);
	if (fields & RTT_FIELD_LPORT)
		t->lport = sock_lport(tp, probed, closed);
	if (fields & RTT_FIELD_RPORT)
		t->rport = sock_rport(tp, probed);
	if (fields & RTT_FIELD_NETNS)
		t->netns = sock_netns(tp, probed);
	if (fields & RTT_FIELD_UID)
		t->uid = SOCK_GET(probed, tp, SOCK_INET.sk.sk_uid.val);
}

static __always_inline bool in_scope(const struct transition *t, const struct owner *owner, __u8 role)
{
	if (!rtt_scoped)
		return true;
	if (scope.by_socket && !scope_admits_socket(t))
		return false;
	return scope_admits_role(role) && scope_admits_uid(t->uid) && scope_admits_owner(owner);
}

/* The number of the connection's group + 1 (1 when there are no groups), or RTT_CONN_OUT. */
static __always_inline __u32 classify(struct tcp_sock *tp, const struct owner *owner, __u8 role, bool probed)
{
	struct transition t = {};

	read_asked(&t, tp, probed);
	if (!in_scope(&t, owner, role))
		return RTT_CONN_OUT;
	return rtt_grouped ? group_number(&t, owner, rtt_kind == RTT_SRTT) + 1 : 1;
}

/* Ports and the end of the remote address: enough to notice that a socket was disconnected and connected again. */
static __always_inline __u64 connection_of(struct tcp_sock *tp)
{
	__u32 remote = tp->SOCK_COMMON.skc_family == AF_INET ? tp->SOCK_COMMON.skc_daddr
							     : tp->SOCK_COMMON.skc_v6_daddr.in6_u.u6_addr32[3];

	return (__u64)remote << 32 | (__u32)tp->SOCK_INET.inet_sport << 16 | tp->SOCK_COMMON.skc_dport;
}

/*
 * The group of a connection whose owner is not known yet is not kept: the seeding may be about to tell. Asked before
 * the owner is looked at, since the seeding may be at it on another CPU.
 */
static __always_inline __u32 classify_once(struct tcp_sock *tp, struct rtt_conn *conn)
{
	__u64 connection = connection_of(tp);
	__u32 group = conn->group;

	if (!group || conn->connection != connection) {
		bool keep = !rtt_uses_owner || *(volatile __u8 *)&conn->owner.source != OWNER_UNKNOWN;

		group = classify(tp, &conn->owner, conn->role, false);
		conn->connection = connection;
		conn->group = keep ? group : 0;
	}
	return group;
}

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

/* The number of the group + 1, or RTT_CONN_OUT. `conn` is NULL when nothing needs to be remembered, or there is no
 * memory. */
static __always_inline __u32 group_of(struct tcp_sock *tp, struct rtt_conn *conn, bool probed)
{
	if (conn && !probed)
		return classify_once(tp, conn);
	if (rtt_scoped || rtt_grouped) {
		struct owner nobody = {};

		return classify(tp, &nobody, ROLE_UNKNOWN, probed);
	}
	return 1;
}

static __always_inline void take_sample(struct tcp_sock *tp, struct rtt_conn *conn, bool probed, __u32 own_histogram,
					__u64 us)
{
	__u32 group = group_of(tp, conn, probed);
	struct histogram *histogram;
	bool shared;

	if (group == RTT_CONN_OUT)
		return;
	group--;
	shared = rtt_grouped && (group >= RTT_GROUPS_PER_CPU || own_histogram != HISTOGRAM_OF_SAMPLES);
	if (shared)
		histogram = bpf_map_lookup_elem(&group_histograms, &group);
	else
		histogram = bpf_map_lookup_elem(&histograms, rtt_grouped ? &group : &own_histogram);
	if (histogram)
		histogram_add(histogram, shared || rtt_may_nest, us, rtt_sums ? SOCK_GET(probed, tp, mdev_us) : 0);
}

/* There should be a sample here, and the kernel has not measured it. That takes no room among the groups. */
static __always_inline void note_unmeasured(struct tcp_sock *tp, const struct rtt_conn *conn, bool probed)
{
	struct transition t = {};
	struct owner nobody = {};

	if (rtt_scoped) {
		read_asked(&t, tp, probed);
		if (!in_scope(&t, conn ? &conn->owner : &nobody, conn ? conn->role : ROLE_UNKNOWN))
			return;
	}
	count(&counters.unmeasured);
}

/*
 * RACK's clock moves with each new measurement, but for an ACK of a part of a GSO buffer: that only changes the
 * measured value. What is found on a connection that is older than we are was measured before we came: only the next
 * one counts.
 */
static __always_inline void take_measurement(struct tcp_sock *tp, struct rtt_conn *conn, __u32 own_histogram)
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
	conn->followed = 1; /* whatever comes from now on, also when nothing had been measured before we came */
}

/* RACK sees nothing without SACK: noted once, as soon as it is known. */
static __always_inline void note_blind(struct tcp_sock *tp, struct rtt_conn *conn)
{
	if (conn && conn->blind)
		return;
	if (conn)
		conn->blind = 1;
	note_unmeasured(tp, conn, false);
}

static __always_inline bool is_blind(struct tcp_sock *tp)
{
	return !BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok);
}

/* The smoothed value as it is when a segment arrives in ESTABLISHED, before that is looked at. */
static __always_inline void take_smoothed(struct tcp_sock *tp, struct rtt_conn *conn, bool probed)
{
	__u64 us = SOCK_GET(probed, tp, srtt_us) >> 3;

	if (us)
		take_sample(tp, conn, probed, HISTOGRAM_OF_SAMPLES, us);
	else
		note_unmeasured(tp, conn, probed);
}

static __always_inline void on_segment(struct tcp_sock *tp, struct rtt_conn *conn)
{
	if (rtt_remembers && !conn)
		count(&counters.storage_full);
	if (rtt_kind == RTT_SRTT)
		take_smoothed(tp, conn, false);
	else if (conn && is_blind(tp))
		note_blind(tp, conn);
	else if (conn)
		take_measurement(tp, conn, HISTOGRAM_OF_SAMPLES);
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_tp_btf_cast, struct sock *sk)
{
	on_segment(sock_cast_to_tcp(sk), rtt_remembers ? conn_in_storage(sk) : NULL);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_tp_btf_storage, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_segment(tp, rtt_remembers ? conn_in_storage(sk) : NULL);
	return 0;
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(sample_tp_btf_hash, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_segment(tp, rtt_remembers ? conn_in_hash(sk) : NULL);
	return 0;
}

SEC("fentry/tcp_rcv_established")
int BPF_PROG(sample_fentry_storage, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_segment(tp, rtt_remembers ? conn_in_storage(sk) : NULL);
	return 0;
}

SEC("fentry/tcp_rcv_established")
int BPF_PROG(sample_fentry_hash, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_segment(tp, rtt_remembers ? conn_in_hash(sk) : NULL);
	return 0;
}

/* For the smoothed value only, and nothing is remembered: socket storage needs a pointer that the kernel vouches for.
 */
SEC("kprobe/tcp_rcv_established")
int BPF_KPROBE(sample_kprobe, struct sock *sk)
{
	take_smoothed((struct tcp_sock *)sk, NULL, true);
	return 0;
}

static __always_inline void take_handshake(struct tcp_sock *tp, struct rtt_conn *conn)
{
	__u64 us = tp->srtt_us >> 3;

	if (us)
		take_sample(tp, conn, false, HISTOGRAM_OF_STATES, us);
	else
		note_unmeasured(tp, conn, false); /* retransmitted, and no timestamps to tell which was answered */
}

/* The end of a connection that had been established. */
static __always_inline void take_end(struct tcp_sock *tp, struct rtt_conn *conn)
{
	__u32 min_us = tp->rtt_min.s[0].v;

	if (rtt_kind == RTT_MIN) {
		if (min_us != ~0U)
			take_sample(tp, conn, false, HISTOGRAM_OF_STATES, min_us);
		else
			note_unmeasured(tp, conn, false);
	} else if (rtt_kind == RTT_RTT && is_blind(tp)) {
		note_blind(tp, conn); /* no segment ever came */
	}
}

static __always_inline void on_state(struct tcp_sock *tp, struct rtt_conn *conn, int oldstate, int newstate)
{
	struct transition t = {.oldstate = oldstate, .newstate = newstate};
	bool begins = owner_is_birth(oldstate, newstate) || owner_is_begin(oldstate, newstate);

	if (conn && begins) {
		conn->group = 0;
		conn->mstamp = 0;
		conn->end_seq = 0;
		conn->rtt_us = 0;
		conn->followed = 1;
		conn->blind = 0;
	}
	if (conn && scope.roles)
		conn->role = scope_role(&t, conn->role);
	if (conn && rtt_uses_owner) {
		__u32 pid = conn->owner.pid;
		__u8 admitted = conn->owner.in_scope;

		owner_transition(&conn->owner, oldstate, newstate, sock_context(&t, tp));
		if (conn->owner.pid != pid || conn->owner.in_scope != admitted)
			conn->group = 0;
	}
	if (rtt_kind == RTT_RTT && conn && !begins)
		take_measurement(tp, conn, HISTOGRAM_OF_STATES);
	if (rtt_kind == RTT_HANDSHAKE && newstate == STATE_ESTABLISHED)
		take_handshake(tp, conn);
	if (newstate == STATE_CLOSE && oldstate != STATE_SYN_SENT && oldstate != STATE_SYN_RECV &&
	    oldstate != STATE_LISTEN && oldstate != STATE_CLOSE)
		take_end(tp, conn);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_cast, struct sock *sk, int oldstate, int newstate)
{
	if (sock_as_tcp(sk)->SOCK_BASE.sk_protocol == IPPROTO_TCP_NUM)
		on_state(sock_cast_to_tcp(sk), rtt_remembers ? conn_in_storage(sk) : NULL, oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_storage, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		on_state(tp, rtt_remembers ? conn_in_storage(sk) : NULL, oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_hash, struct sock *sk, int oldstate, int newstate)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 key = (__u64)(unsigned long)sk;

	if (!tp)
		return 0;
	on_state(tp, rtt_remembers ? conn_in_hash(sk) : NULL, oldstate, newstate);
	if (newstate == STATE_CLOSE)
		bpf_map_delete_elem(&conn_hash, &key);
	return 0;
}

/* Whose the sockets are that are older than we are. */
SEC("iter/task_file")
int seed_storage(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct sock *sk = task ? seed_find_socket(ctx) : NULL;
	struct rtt_conn *conn = sk ? conn_in_storage(sk) : NULL;

	if (conn) {
		owner_seed(&conn->owner, task);
		conn->group = 0; /* it may have been PID 1's until now */
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
