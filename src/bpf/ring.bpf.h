/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way out of the kernel, and the count of what found no room in it. */
#ifndef TCPVITALS_BPF_RING_H
#define TCPVITALS_BPF_RING_H

#include "bpf/kernel.bpf.h"

#include "abi/loss.h"

/* Made by the reader (bpfio/rings.h), which also sets the number of them; this is what the verifier is told. */
struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

/* CPUs take turns: CPU & mask. */
const volatile __u32 ring_mask = 0;

/* Half of a ring: from there on user space is woken whatever it is doing. */
const volatile __u64 ring_wake_bytes = 2 << 20;

struct kernel_losses losses = {};

/* This CPU's; NULL before there is any. */
static __always_inline void *ring_here(void)
{
	__u32 index = bpf_get_smp_processor_id() & ring_mask;

	return bpf_map_lookup_elem(&rings, &index);
}

static __always_inline void *ring_reserve(void *ring, __u64 size)
{
	void *record = ring ? bpf_ringbuf_reserve(ring, size, 0) : NULL;

	if (!record)
		__sync_fetch_and_add(&losses.ring_full, 1);
	return record;
}

/*
 * Without a flag the kernel wakes the reader only for the first record after it caught up. The reader naps after each
 * drain, so under load that is one wake-up in 10 ms rather than one (2.8 us) per event.
 */
static __always_inline void ring_submit(void *ring, void *record)
{
	bool crowded = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >= ring_wake_bytes;

	bpf_ringbuf_submit(record, crowded ? BPF_RB_FORCE_WAKEUP : 0);
}

#endif
