/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts what a connection has sent and received while it is open: the difference between the kernel's counters and
 * their last reading.
 */
#ifndef TCPVITALS_BPF_METRICS_METER_H
#define TCPVITALS_BPF_METRICS_METER_H

#include "bpf/kernel.bpf.h"

#include "abi/metrics.h"
#include "abi/transition.h"
#include "bpf/metrics/group.bpf.h"
#include "bpf/read/chrono.bpf.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn_table.bpf.h"
#include "bpf/track/tick.bpf.h"

/* The last reading of a connection. */
struct meter {
	__u64 start_ns; /* when the connection began; 0: before the tool */
	__u64 able_ns;  /* since when the connection can send, or its last reading; 0: it cannot */
	__u64 able_sum; /* time in which it could send, up to able_ns and not read yet, in ns */
	__u64 sent_bytes;
	__u64 received_bytes;
	__u32 sent_segments;
	__u32 received_segments;
	__u32 chronos[CHRONOS]; /* as chrono_stat */
	__u32 pad;
};

/* For sockets that have a place in conn_table. Key: the number of that place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 << CONN_TABLE_BITS);
	__type(key, __u32);
	__type(value, struct meter);
} meter_table SEC(".maps");

/* For other sockets: socket storage beside conn_storage. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct meter);
} meter_storage SEC(".maps");

/* Returns NULL when the socket has no struct meter. */
static __always_inline struct meter *meter_find(struct sock *sk)
{
	struct meter *meter = conn_beside_place(&meter_table, sk);

	return meter ? meter : bpf_sk_storage_get(&meter_storage, sk, NULL, 0);
}

/* Finds or makes the socket's struct meter; NULL: no memory. */
static __always_inline struct meter *meter_make(struct sock *sk)
{
	struct meter *meter = conn_beside_place(&meter_table, sk);

	return meter ? meter : sock_storage_make(&meter_storage, sk);
}

/* Whether a connection in this state can send data. */
static __always_inline bool meter_is_able(__u8 state)
{
	return state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT;
}

/* The connection enters `state`: starts or stops the time in which it can send. */
static __always_inline void meter_enter(struct meter *meter, __u8 state, __u64 now_ns)
{
	if (meter->able_ns)
		meter->able_sum += now_ns - meter->able_ns;
	meter->able_ns = meter_is_able(state) ? now_ns : 0;
}

/* The payload received. The kernel counts the FIN as a byte, when it sets SOCK_DONE. */
static __always_inline __u64 meter_received(struct tcp_sock *tp)
{
	return tp->bytes_received - (tp->SOCK_COMMON.skc_flags >> SOCK_DONE_BIT & 1);
}

/* The connection is older than the tool: all until now does not count. */
static __always_inline void meter_begin_older(struct meter *meter, struct tcp_sock *tp, __u8 state, __u64 now_ns)
{
	meter->able_ns = meter_is_able(state) ? now_ns : 0;
	meter->sent_bytes = tp->bytes_sent;
	meter->received_bytes = meter_received(tp);
	meter->sent_segments = tp->segs_out;
	meter->received_segments = tp->segs_in;
	chrono_read(tp, meter->chronos);
}

static __always_inline void meter_count_time(struct meter *meter, struct tcp_sock *tp, struct group_metrics *group,
					     __u64 now_ns)
{
	__u32 chronos[CHRONOS], busy, receiver, send_buffer;
	__u64 able_ns, unable_ns;

	chrono_read(tp, chronos);
	busy = chronos[CHRONO_BUSY] - meter->chronos[CHRONO_BUSY];
	receiver = chronos[CHRONO_RWND] - meter->chronos[CHRONO_RWND];
	send_buffer = chronos[CHRONO_SEND_BUFFER] - meter->chronos[CHRONO_SEND_BUFFER];
	__builtin_memcpy(meter->chronos, chronos, sizeof(chronos));
	meter_enter(meter, meter->able_ns ? STATE_ESTABLISHED : STATE_CLOSE, now_ns);
	able_ns = meter->able_sum;
	unable_ns = ((__u64)busy + receiver + send_buffer) * tick_ns;
	meter->able_sum = 0;
	metrics_add(&group->limited_ns[LIMIT_RECEIVER], receiver * tick_ns);
	metrics_add(&group->limited_ns[LIMIT_SEND_BUFFER], send_buffer * tick_ns);
	metrics_add(&group->limited_ns[LIMIT_APPLICATION], able_ns > unable_ns ? able_ns - unable_ns : 0);
}

/* Counts everything since the last reading. The caller holds the socket's lock. */
static __always_inline void meter_count(struct meter *meter, struct tcp_sock *tp, struct group_metrics *group,
					__u64 now_ns)
{
	__u64 sent_bytes = tp->bytes_sent, received_bytes = meter_received(tp);
	__u32 sent_segments = tp->segs_out, received_segments = tp->segs_in;

	metrics_add(&group->sent_bytes, sent_bytes - meter->sent_bytes);
	metrics_add(&group->received_bytes, received_bytes - meter->received_bytes);
	metrics_add(&group->sent_segments, sent_segments - meter->sent_segments);
	metrics_add(&group->received_segments, received_segments - meter->received_segments);
	meter->sent_bytes = sent_bytes;
	meter->received_bytes = received_bytes;
	meter->sent_segments = sent_segments;
	meter->received_segments = received_segments;
	meter_count_time(meter, tp, group, now_ns);
}

#endif
