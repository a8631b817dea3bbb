/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what the kernel has counted of a connection: the second half of struct connection. */
#ifndef TCPVITALS_BPF_STATES_CONNECTION_H
#define TCPVITALS_BPF_STATES_CONNECTION_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"
#include "bpf/read/chrono.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/tick.bpf.h"

/* Bits of tcp_sock.ecn_flags: ECN (RFC 3168) and, since 6.18, accurate ECN (RFC 9768). */
#define ECN_MODES (1 << 0 | 1 << 4)

/*
 * A socket begins another connection: its counters are 0 after connect() (AF_UNSPEC), but for these. (Those of
 * retransmission timeouts, too, become 0: tcp_clear_retrans().)
 */
static __always_inline void connection_read_base(struct life_base *base, struct tcp_sock *tp)
{
	chrono_read(tp, base->chronos);
	base->lost = tp->lost;
	base->rate_delivered = tp->rate_delivered;
	base->rate_interval_us = tp->rate_interval_us;
}

/* Before 6.5 an iterator does not lock the socket: `from` may have passed `to`. */
static __always_inline __u32 connection_distance(__u32 from, __u32 to)
{
	__s32 distance = to - from;

	return distance > 0 ? distance : 0;
}

static __always_inline void connection_read_counts(struct connection *record, struct tcp_sock *tp)
{
	record->bytes_sent = tp->bytes_sent;
	record->bytes_acked = tp->bytes_acked;
	record->bytes_received = tp->bytes_received;
	record->bytes_retrans = tp->bytes_retrans;
	record->segs_out = tp->segs_out;
	record->segs_in = tp->segs_in;
	record->retransmits = tp->total_retrans;
	record->dsack_dups = tp->dsack_dups;
	record->reord_seen = tp->reord_seen;
	record->delivered = tp->delivered;
	record->delivered_ce = tp->delivered_ce;
	record->recv_queue = connection_distance(tp->copied_seq, tp->rcv_nxt);
	record->send_queue = connection_distance(tp->snd_una, tp->write_seq);
}

static __always_inline void connection_read_since(struct connection *record, struct tcp_sock *tp,
						  const struct life_base *base)
{
	__u32 chronos[CHRONOS];
	bool is_measured = tp->rate_delivered != base->rate_delivered || tp->rate_interval_us != base->rate_interval_us;

	chrono_read(tp, chronos);
#pragma unroll
	for (__u32 i = 0; i < CHRONOS; i++)
		record->chrono_ns[i] = (__u64)(chronos[i] - base->chronos[i]) * tick_ns;
	record->lost = tp->lost - base->lost;
	record->rate_delivered = is_measured ? tp->rate_delivered : 0;
	record->rate_interval_us = tp->rate_interval_us;
}

static __always_inline void connection_read_timeouts(struct connection *record, struct tcp_sock *tp)
{
	__u32 now_ms = record->end.time_ns / 1000000;

	record->rto_count = record->rto_recoveries = record->rto_ms = RTO_UNKNOWN;
	if (!bpf_core_field_exists(tp->total_rto))
		return;
	record->rto_count = tp->total_rto;
	record->rto_recoveries = tp->total_rto_recoveries;
	record->rto_ms = tp->total_rto_time;
	if (tp->rto_stamp) /* in ms of CLOCK_MONOTONIC: a recovery that still goes on */
		record->rto_ms += now_ms - tp->rto_stamp;
}

static __always_inline void connection_read_estimates(struct connection *record, struct tcp_sock *tp)
{
	record->srtt_us = tp->srtt_us >> 3;
	record->min_rtt_us = tp->rtt_min.s[0].v;
	record->rcv_rtt_us = tp->rcv_rtt_est.rtt_us >> 3;
	record->cwnd = tp->snd_cwnd;
	record->ssthresh = tp->snd_ssthresh;
	record->mss = tp->mss_cache;
}

static __always_inline void connection_read_agreed(struct connection *record, struct tcp_sock *tp)
{
	__u32 options = 0;

	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok))
		options |= CONNECTION_SACK;
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok))
		options |= CONNECTION_TIMESTAMPS;
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.wscale_ok))
		options |= CONNECTION_WINDOW_SCALING;
	if (tp->ecn_flags & ECN_MODES)
		options |= CONNECTION_ECN;
	if (BPF_CORE_READ_BITFIELD(tp, rate_app_limited))
		options |= CONNECTION_RATE_APP_LIMITED;
	record->options = options;
	if (bpf_core_read(record->congestion, sizeof(record->congestion), &tp->inet_conn.icsk_ca_ops->name))
		__builtin_memset(record->congestion, 0, sizeof(record->congestion));
}

/* Fills in all behind `life`, which is filled in, as `end` is. */
static __always_inline void connection_read(struct connection *record, struct tcp_sock *tp)
{
	connection_read_counts(record, tp);
	connection_read_since(record, tp, &record->life.base);
	connection_read_timeouts(record, tp);
	connection_read_estimates(record, tp);
	connection_read_agreed(record, tp);
}

#endif
