/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The accept queues of listeners, by port. */
#ifndef TCPVITALS_BPF_METRICS_LISTENERS_H
#define TCPVITALS_BPF_METRICS_LISTENERS_H

#include "bpf/kernel.bpf.h"

#include "abi/metrics.h"
#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/listener_queue.bpf.h"
#include "bpf/track/losses.bpf.h"

/* A walk makes the values, or a listener's end. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PORT_LISTENERS_MAX);
	__type(key, __u32); /* port, host byte order */
	__type(value, struct port_listeners);
} port_listeners SEC(".maps");

static const struct port_listeners port_listeners_empty = {};

/* A socket begins to listen. Its drops so far are of an earlier use. */
static __always_inline void listeners_begin(struct conn *conn, struct tcp_sock *tp)
{
	conn->drops = tp->SOCK_BASE.sk_drops.counter;
	conn->followed = 1;
}

static __always_inline struct port_listeners *listeners_of_port(__u32 port)
{
	struct port_listeners *ports = bpf_map_lookup_elem(&port_listeners, &port);

	if (ports)
		return ports;
	bpf_map_update_elem(&port_listeners, &port, &port_listeners_empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&port_listeners, &port);
}

/* Counts the listener's drops since the last reading. Drops before the first walk may be older than the tool. */
static __always_inline void listeners_count_drops(struct port_listeners *ports, struct conn *conn, __u32 drops)
{
	if (conn->followed)
		__sync_fetch_and_add(&ports->drops, (__u32)(drops - conn->drops));
	conn->drops = drops;
	conn->followed = 1;
}

/* A listener closes. */
static __always_inline void listeners_end(struct conn *conn, struct tcp_sock *tp, const struct transition *t)
{
	__u32 drops = tp->SOCK_BASE.sk_drops.counter;
	struct port_listeners *ports;

	if (!conn->followed || drops == conn->drops)
		return;
	ports = listeners_of_port(t->lport);
	if (ports)
		listeners_count_drops(ports, conn, drops);
	else
		count(&losses.summary_full);
}

/* A walk has found a listener. One walk runs at a time. `conn` may be NULL. */
static __always_inline void listeners_add(struct tcp_sock *tp, struct conn *conn, __u32 walk)
{
	__u32 backlog = tp->SOCK_BASE.sk_ack_backlog, limit = tp->SOCK_BASE.sk_max_ack_backlog;
	__u32 drops = tp->SOCK_BASE.sk_drops.counter, highest = backlog;
	struct port_listeners *ports = listeners_of_port(sock_lport(tp, false, false));
	struct listener_queue *queue = listener_queue_visit(tp, tp->SOCK_COMMON.skc_cookie.counter);

	if (queue)
		highest = listener_queue_take_highest(queue, backlog);
	if (!ports) {
		count(&losses.summary_full);
		return;
	}
	if (ports->walk != walk) {
		ports->walk = walk;
		ports->backlog = 0;
		ports->limit = ~0U;
		ports->highest = 0;
	}
	ports->backlog += backlog;
	if (limit < ports->limit)
		ports->limit = limit;
	if (highest > ports->highest)
		ports->highest = highest;
	if (conn)
		listeners_count_drops(ports, conn, drops);
}

#endif
