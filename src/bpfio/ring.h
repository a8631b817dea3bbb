/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reading end of a BPF ring buffer (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst). Of our own rather than
 * libbpf's: it maps the data once instead of twice, tells how full the ring is, and lets the reader leave a record
 * where it is.
 */
#ifndef TCPVITALS_BPFIO_RING_H
#define TCPVITALS_BPFIO_RING_H

#include <stddef.h>
#include <stdint.h>

/* Records may not be larger. */
#define RING_RECORD_MAX 4096

struct ring {
	int map_fd; /* borrowed; pollable for "there is something to read" */
	size_t size;
	size_t page_size;
	uint64_t *consumer; /* our position, which the kernel reads */
	uint64_t *producer; /* the kernel's position, followed by the data */
};

/* Returns 0 when it has taken the record, or a negative errno to leave it, and all after it, in the ring. */
typedef int (*ring_take)(void *context, const void *record, size_t size);

/* `size` is the map's max_entries in bytes. 0 or a negative errno. `ret` must be given to ring_close(). */
int ring_open(int map_fd, size_t size, struct ring *ret);
void ring_close(struct ring *ring); /* harmless on a zeroed struct */

/* Bytes waiting, headers included. */
size_t ring_pending(const struct ring *ring);

/* Hands out what is there now. Returns how many records were taken, or what `take` returned if it took none before
 * failing. */
int64_t ring_drain(struct ring *ring, ring_take take, void *context);

#endif
