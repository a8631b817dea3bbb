/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several ring buffers that are read as one. CPUs that share a ring buffer wait for each other's cache lines and lock,
 * so each CPU has its own, within the memory limit.
 *
 * Records are read in the order of their times. Events of one socket on several CPUs are therefore in order, too: once
 * an event is written, the earlier ones are written as well.
 */
#ifndef TCPVITALS_PROBE_RINGS_H
#define TCPVITALS_PROBE_RINGS_H

#include "probe/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;

/*
 * RINGS_MAX is the most ring buffers. With several, each has at least RINGS_SIZE_MIN bytes: the output of one CPU in 40
 * ms, at 200,000 events of 128 bytes per second.
 */
#define RINGS_MAX      8
#define RINGS_SIZE_MIN (1 << 20)

struct rings {
	struct ring *ring;  /* `count` ring buffers */
	uint64_t *next_ns;  /* time of the next record of each; 0: no record seen yet */
	size_t count;       /* a power of two; 0: no records */
	size_t size;        /* bytes of each ring buffer */
	size_t time_offset; /* offset of the time in each record */
};

/* Returns the number of ring buffers for `cpus` CPUs and `bytes` (a power of two) of memory. */
size_t rings_count(size_t bytes, size_t cpus);

/*
 * Sets up the maps ring_0, ring_1, ... of an object that is not loaded yet: `count` maps of `size` bytes. Returns 0 or
 * a negative errno.
 */
int rings_size_maps(const struct bpf_object *object, size_t count, size_t size);

/*
 * Opens the ring buffers of a loaded object. `time_offset` is the offset of the time in each record: 8 bytes, not 0.
 * Returns 0 or a negative errno. After success, call rings_close(), before or after the object is closed.
 */
int rings_open(const struct bpf_object *object, size_t count, size_t size, size_t time_offset, struct rings *ret);
void rings_close(struct rings *rings); /* a zeroed struct is allowed */

/* Returns the bytes waiting, headers included. */
size_t rings_pending(const struct rings *rings);

/* Returns whether a ring buffer is at least a quarter full. */
bool rings_quarter_full(const struct rings *rings);

/* Returns the bytes taken so far. */
uint64_t rings_position(const struct rings *rings);

/* Takes a record. Returns 0, or a negative errno to leave this record and all later ones in the ring buffers. */
typedef int (*rings_take)(void *context, const void *record, size_t size);

/*
 * Passes records to `take`, up to the amount that waits at the beginning, so that the call ends. Returns the number of
 * records taken, or the error of `take` if there was none. After a result of 0, the writer of the next record wakes the
 * reader.
 */
int64_t rings_drain(struct rings *rings, rings_take take, void *context);

#endif
