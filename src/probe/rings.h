/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several ring buffers that are read as one: CPUs that share a ring wait for each other's cache lines and lock, so each
 * has its own as far as the memory goes. Records leave in the order of their time, so also in that in which things
 * happened to one socket on several CPUs: an event that has been written finds the ones before it written, too.
 */
#ifndef TCPVITALS_PROBE_RINGS_H
#define TCPVITALS_PROBE_RINGS_H

#include "probe/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;

/* No more rings than that, and none smaller than RINGS_SIZE_MIN if there are several. That takes what one CPU can write
 * in 40 ms: 200,000 events a second of 128 bytes. */
#define RINGS_MAX      8
#define RINGS_SIZE_MIN (1 << 20)

struct rings {
	struct ring *ring;  /* `count` of them */
	uint64_t *next_ns;  /* the time of the next record of each, 0 where none has been seen */
	size_t count;       /* a power of two; 0: nothing will ever come */
	size_t size;        /* bytes of each */
	size_t time_offset; /* of the time in each record */
};

/* How many rings there are for a machine with `cpus` CPUs and `bytes` (a power of two) of memory. */
size_t rings_count(size_t bytes, size_t cpus);

/* The maps ring_0, ring_1, ... of an object, before it is loaded: `count` of them, of `size` bytes. 0 or a negative
 * errno. */
int rings_size_maps(const struct bpf_object *object, size_t count, size_t size);

/*
 * After it was loaded. `time_offset` is where each record has its time: 8 bytes, not 0. 0 or a negative errno; `ret`
 * must be given to rings_close(), before or after the object is.
 */
int rings_open(const struct bpf_object *object, size_t count, size_t size, size_t time_offset, struct rings *ret);
void rings_close(struct rings *rings); /* harmless on a zeroed struct */

/* Bytes waiting, headers included. */
size_t rings_pending(const struct rings *rings);

/* Whether one of them is a quarter full. */
bool rings_crowded(const struct rings *rings);

/* Bytes taken so far. */
uint64_t rings_position(const struct rings *rings);

/* Returns 0 when it has taken the record, or a negative errno to leave it, and all after it, in the ring. */
typedef int (*rings_take)(void *context, const void *record, size_t size);

/*
 * Hands out as much as is there when it begins, so that it ends. Returns how many records were taken, or what `take`
 * returned if it took none before failing. After 0 the writer of the next record wakes us.
 */
int64_t rings_drain(struct rings *rings, rings_take take, void *context);

#endif
