// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fills ring buffers like those of tcpstates with records like those of tcpstates, for bench/rings. */
#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/states/ring.bpf.h"

/* bench/rings.c has the same. */
struct fill {
	__u64 records;
	__u64 time_ns; /* of the first one */
	__u64 mask;    /* of the rings that take turns */
	__u64 failed;
};

static const struct transition empty = {};

/* Branches, as in ring_here(): a table of maps is nothing that can be loaded. */
#define RETURN_RING(n)                                                                                                 \
	barrier_var(number);                                                                                           \
	if (number == n)                                                                                               \
	return &ring_##n

static __always_inline void *ring_number(__u32 number)
{
	RETURN_RING(0);
	RETURN_RING(1);
	RETURN_RING(2);
	RETURN_RING(3);
	RETURN_RING(4);
	RETURN_RING(5);
	RETURN_RING(6);
	return &ring_7;
}

static int write_record(__u64 i, struct fill *fill)
{
	struct transition *record = ring_reserve(ring_number(i & fill->mask), sizeof(*record));

	if (!record) {
		fill->failed++;
		return 0;
	}
	*record = empty;
	record->time_ns = fill->time_ns + i;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("syscall")
int write_records(struct fill *fill)
{
	struct fill todo = *fill;

	bpf_loop(todo.records, write_record, &todo, 0);
	fill->failed = todo.failed;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
