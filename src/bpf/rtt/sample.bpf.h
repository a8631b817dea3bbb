/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decides when to take a sample, of which connection, and in which group the sample counts. */
#ifndef TCPVITALS_BPF_RTT_SAMPLE_H
#define TCPVITALS_BPF_RTT_SAMPLE_H

#include "bpf/kernel.bpf.h"

#include "abi/rtt.h"
#include "bpf/metrics/group.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/rtt/histogram.bpf.h"
#include "bpf/rtt/pending.bpf.h"
#include "bpf/track/accept.bpf.h"
#include "bpf/track/classify.bpf.h"
#include "bpf/track/conn_any.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/netns.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/process.bpf.h"
#include "bpf/track/scope.bpf.h"

const volatile __u8 rtt_kind = RTT_SRTT;
const volatile bool rtt_remembers = false; /* samples need a struct conn */

struct rtt_counters counters = {};

/* Returns the histogram in which the samples of `group` count. */
static __always_inline struct histogram *histogram_of(__u32 group, __u32 own_histogram, bool shared)
{
	if (shared)
		return bpf_map_lookup_elem(&group_histograms, &group);
	return bpf_map_lookup_elem(&histograms, is_grouped ? &group : &own_histogram);
}

/* Counts the waiting samples in this group (its number + 1), or drops them (GROUP_OUT). */
static __always_inline void release_pending(struct tcp_sock *tp, struct conn *conn, __u32 group, __u32 own_histogram)
{
	bool counts = group != GROUP_OUT;

	conn->pending = 0;
	if (emits & EMIT_METRICS)
		pending_release_metrics(tp, counts ? metrics_of(group - 1) : NULL);
	else
		pending_release(tp, counts ? histogram_of(group - 1, own_histogram, is_grouped) : NULL);
}

static __always_inline void take_sample(struct tcp_sock *tp, struct conn *conn, bool probed, __u32 own_histogram,
					__u64 us)
{
	__u64 mdev = rtt_sums ? SOCK_GET(probed, tp, mdev_us) : 0;
	struct histogram *histogram;
	__u32 group;
	bool shared;

	if (uses_owner && conn)
		accept_claim(conn, (__u64)(unsigned long)tp);
	group = group_of(tp, conn, probed);
	if (uses_owner && conn) {
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
	if (emits & EMIT_METRICS) {
		struct group_metrics *metrics = metrics_of(group);

		if (metrics)
			metrics_add_time(&metrics->rtt, us * 1000);
		return;
	}
	shared = is_grouped && (group >= RTT_GROUPS_PER_CPU || own_histogram != HISTOGRAM_OF_SAMPLES);
	histogram = histogram_of(group, own_histogram, shared);
	if (histogram)
		histogram_add(histogram, shared || rtt_may_nest, us, mdev);
}

/* Counts a sample that the kernel has not measured. Such a sample makes no group. */
static __always_inline void note_unmeasured(struct tcp_sock *tp, const struct conn *conn, bool probed)
{
	struct transition t = {};
	struct owner nobody = {};

	if (is_scoped) {
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

static __always_inline void on_segment(struct sock *sk, struct tcp_sock *tp)
{
	struct conn *conn = rtt_remembers ? conn_of(sk) : NULL;

	if (rtt_remembers && !conn) {
		if (!stranger_is_in_scope(tp))
			return;
		conn = conn_in_socket ? sock_storage_make(&conn_storage, sk) : conn_hash_add(sk);
	}
	/* A socket older than the tool may have no cookie yet. */
	if (grouping.by[0] == GROUP_BY_CONN && conn_in_socket && (!conn || !conn->group))
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
		else if (rtt_kind == RTT_RTT && oldstate != STATE_LISTEN)
			take_measurement(tp, conn, HISTOGRAM_OF_STATES);
	}
	/* Repair mode has no handshake. */
	if (rtt_kind == RTT_HANDSHAKE && newstate == STATE_ESTABLISHED && !BPF_CORE_READ_BITFIELD(tp, repair))
		take_handshake(tp, conn);
	if (newstate == STATE_CLOSE && oldstate != STATE_SYN_SENT && oldstate != STATE_SYN_RECV &&
	    oldstate != STATE_LISTEN && oldstate != STATE_CLOSE)
		take_end(tp, conn);
	if (uses_owner && conn && conn->pending && (newstate == STATE_CLOSE || !owner_is_guess(&conn->owner)))
		release_pending(tp, conn, classify_once(tp, conn), HISTOGRAM_OF_STATES);
}

#endif
