/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Samples of connections that nobody was seen accepting yet. Where groups or scope depend on the owner, they wait here
 * for it: a request often arrives before its reader.
 */
#ifndef TCPVITALS_BPF_RTT_PENDING_H
#define TCPVITALS_BPF_RTT_PENDING_H

#include "bpf/kernel.bpf.h"

#include "abi/rtt.h"

/* By the socket's address. Allocated in advance: 1.6 MiB. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PENDING_SOCKETS);
	__type(key, __u64);
	__type(value, struct pending);
} pending_samples SEC(".maps");

static const struct pending pending_empty = {};

static __always_inline struct pending *pending_find(const void *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	return bpf_map_lookup_elem(&pending_samples, &key);
}

static __always_inline void pending_forget(const void *sk)
{
	__u64 key = (__u64)(unsigned long)sk;

	bpf_map_delete_elem(&pending_samples, &key);
}

/* `group`: that of the connection by its listener's owner, which counts if nothing better is learnt; 0: told before.
 * False when there is no room. */
static __always_inline bool pending_add(const void *sk, __u32 group, __u64 us)
{
	__u64 key = (__u64)(unsigned long)sk;
	struct pending *pending;
	__u32 at;

	/* An earlier socket at this address may have left some. */
	if (group)
		bpf_map_update_elem(&pending_samples, &key, &pending_empty, BPF_ANY);
	pending = bpf_map_lookup_elem(&pending_samples, &key);
	if (!pending)
		return false;
	if (group)
		pending->group = group;
	at = pending->count;
	if (at >= PENDING_MAX)
		return false;
	pending->us[at] = us;
	pending->count = at + 1;
	return true;
}

#endif
