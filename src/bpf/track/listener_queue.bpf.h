/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts at each listener, between two walks: the connections that enter its accept queue, and the queue's greatest
 * length (EMIT_LISTENERS, EMIT_METRICS).
 */
#ifndef TCPVITALS_BPF_TRACK_LISTENER_QUEUE_H
#define TCPVITALS_BPF_TRACK_LISTENER_QUEUE_H

#include "bpf/kernel.bpf.h"

#include "abi/listener.h"
#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"
#include "bpf/track/emit.bpf.h"

struct listener_queue {
	__u64 since_ns; /* of the beginning of the count */
	__u64 queued;
	__u32 highest[2]; /* since a walk of an even, of an odd number */
	__u32 backlog;    /* at the beginning */
	__u32 drops;      /* at the beginning */
	__u32 cookie;     /* lower half of the socket's cookie: the address may be another listener's later */
	__u32 walk;       /* the last that has found it */
};

/* listen() makes an entry. A walk makes that of a listener older than the tool. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* address of struct sock */
	__type(value, struct listener_queue);
} listener_queues SEC(".maps");

struct listener_walk listener_walk = {};

static __always_inline bool listener_queues_count(void)
{
	return emits & (EMIT_LISTENERS | EMIT_METRICS);
}

/* Begins to count. Returns an error if there is no room. Not inlined: the entry is on the stack. */
static __noinline int listener_queue_begin(struct tcp_sock *tp, __u64 time_ns, __u32 cookie)
{
	struct listener_queue queue = {.since_ns = time_ns, .cookie = cookie};
	__u64 address = (__u64)(unsigned long)tp;

	if (!tp)
		return 0;
	queue.backlog = tp->SOCK_BASE.sk_ack_backlog;
	queue.drops = tp->SOCK_BASE.sk_drops.counter;
	return bpf_map_update_elem(&listener_queues, &address, &queue, BPF_ANY);
}

/*
 * A connection is born. It goes into the accept queue of the listener at `address`, which has room for it. The listener
 * may be unknown. Two births of one listener on two CPUs at the same moment may leave the length of the shorter queue.
 */
static __noinline int listener_queue_count(__u64 address)
{
	struct listener_queue *queue = bpf_map_lookup_elem(&listener_queues, &address);
	const struct sock *listener = (const struct sock *)address;
	__u32 slot = listener_walk.number & 1, backlog;

	if (!queue)
		return 0;
	__sync_fetch_and_add(&queue->queued, 1);
	if (bpf_core_read(&backlog, sizeof(backlog), &listener->sk_ack_backlog))
		return 0;
	if (backlog + 1 > queue->highest[slot])
		queue->highest[slot] = backlog + 1;
	return 0;
}

/* A walk has found a listener. Returns its entry; NULL: no room. */
static __always_inline struct listener_queue *listener_queue_visit(struct tcp_sock *tp, __u32 cookie)
{
	__u64 address = (__u64)(unsigned long)tp;
	struct listener_queue *queue = bpf_map_lookup_elem(&listener_queues, &address);

	if (queue && (!queue->cookie || queue->cookie == cookie)) {
		queue->cookie = cookie;
		return queue;
	}
	/* The listener is older than the tool, or the end of another one went unseen. */
	listener_queue_begin(tp, listener_walk.time_ns, cookie);
	return bpf_map_lookup_elem(&listener_queues, &address);
}

/*
 * Returns the greatest length since the listener was found before. Births are counted in the other place since this
 * walk began; after a walk that has not found the listener, that place has older ones, too.
 */
static __always_inline __u32 listener_queue_take_highest(struct listener_queue *queue, __u32 backlog)
{
	__u32 walk = listener_walk.number, *place = &queue->highest[~walk & 1], highest = *place;
	__u32 other = queue->walk && queue->walk + 1 < walk ? queue->highest[walk & 1] : 0;

	*place = 0;
	queue->walk = walk;
	if (highest < other)
		highest = other;
	return highest > backlog ? highest : backlog;
}

static __always_inline void listener_queue_forget(__u64 address)
{
	if (listener_queues_count())
		bpf_map_delete_elem(&listener_queues, &address);
}

#endif
