/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reading end of one BPF ring buffer (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst). Of our own rather than
 * libbpf's: it maps the data once instead of twice, tells how full the ring is, and lets the reader look at a record
 * before it takes it.
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
	uint64_t *consumer; /* how far we are, for the kernel: ring_release() */
	uint64_t *producer; /* the kernel's position, followed by the data */
	uint64_t position;  /* how far we are */
};

enum ring_state {
	RING_EMPTY,
	RING_BUSY, /* the next record is still being written: its writer will wake us */
	RING_READY,
};

/* `size` is the map's max_entries in bytes. 0 or a negative errno. `ret` must be given to ring_close(). */
int ring_open(int map_fd, size_t size, struct ring *ret);
void ring_close(struct ring *ring); /* harmless on a zeroed struct */

/* Bytes waiting, headers included. */
size_t ring_pending(const struct ring *ring);

/* Looks at the next record. */
enum ring_state ring_peek(struct ring *ring);

/* Of a ring that is ready. The record's length, its number of eight bytes at `offset` (a multiple of 8 within the
 * record), and the record in one piece: in `bounce`, cut off behind RING_RECORD_MAX, where it runs over the end. */
size_t ring_length(const struct ring *ring);
uint64_t ring_number(const struct ring *ring, size_t offset);
const void *ring_record(const struct ring *ring, char bounce[RING_RECORD_MAX]);

/* Leaves the record behind. Its room is the kernel's again after ring_release(). */
void ring_advance(struct ring *ring);
void ring_release(struct ring *ring);

#endif
