/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ring buffers, which carry records to user space. */
#ifndef TCPVITALS_BPF_STATES_RING_H
#define TCPVITALS_BPF_STATES_RING_H

#include "bpf/kernel.bpf.h"

#include "bpf/track/losses.bpf.h"

/* User space creates as many of these rings as there is use for (probe/rings.h). */
#define RING(name)                                                                                                     \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                                    \
		__uint(max_entries, 1 << 20); /* --buffer-size */                                                      \
	} name SEC(".maps")

RING(ring_0);
RING(ring_1);
RING(ring_2);
RING(ring_3);
RING(ring_4);
RING(ring_5);
RING(ring_6);
RING(ring_7);

/* A CPU's ring has the number CPU & ring_mask. */
const volatile __u32 ring_mask = 0;

/* Half of a ring, in bytes: when it is that full, each record wakes user space. */
const volatile __u64 ring_wake_bytes = 2 << 20;

/*
 * Returns this CPU's ring. Not an array of maps: to add a ring takes the kernel a grace period of RCU, 5 to 10 ms for
 * each. Rings beyond the number in use do not exist, and are never reached. Before 6.8 the tests of ring_mask show that
 * to the verifier.
 */
static __always_inline void *ring_here(void)
{
	__u32 number = bpf_get_smp_processor_id() & ring_mask;

	/* Branches, because the kernel cannot load a table of maps. */
	barrier_var(number);
	if (number == 0 || ring_mask == 0)
		return &ring_0;
	barrier_var(number);
	if (number == 1 || ring_mask == 1)
		return &ring_1;
	barrier_var(number);
	if (number == 2)
		return &ring_2;
	barrier_var(number);
	if (number == 3 || ring_mask == 3)
		return &ring_3;
	barrier_var(number);
	if (number == 4)
		return &ring_4;
	barrier_var(number);
	if (number == 5)
		return &ring_5;
	barrier_var(number);
	return number == 6 ? (void *)&ring_6 : (void *)&ring_7;
}

static __always_inline void *ring_reserve(void *ring, __u64 size)
{
	void *record = bpf_ringbuf_reserve(ring, size, 0);

	if (!record)
		count(&losses.ring_full);
	return record;
}

/*
 * Without a flag the kernel wakes the reader only for the first record after the reader caught up. The reader naps
 * after each drain. So under load each ring causes one wake-up in 10 ms, instead of one (2.8 us) per event.
 */
static __always_inline void ring_submit(void *ring, void *record)
{
	bool crowded = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >= ring_wake_bytes;

	bpf_ringbuf_submit(record, crowded ? BPF_RB_FORCE_WAKEUP : 0);
}

#endif
