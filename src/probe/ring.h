/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reading end of one BPF ring buffer (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst).
 *
 * libbpf has a reader, too. This one maps the data once instead of twice, reports how full the ring buffer is, and can
 * look at a record before taking it.
 */
#ifndef TCPVITALS_PROBE_RING_H
#define TCPVITALS_PROBE_RING_H

#include <stddef.h>
#include <stdint.h>

/* The largest record, in bytes. */
#define RING_RECORD_MAX 4096

struct ring {
	int map_fd; /* borrowed; readable in poll(2) when a record is available */
	size_t size;
	size_t page_size;
	uint64_t *consumer; /* the reader's position as the kernel has it; set by ring_release() */
	uint64_t *producer; /* the writers' position; the data follow on the next page */
	uint64_t position;  /* the reader's position, in bytes */
};

enum ring_state {
	RING_EMPTY,
	RING_BUSY, /* the next record is being written; its writer wakes the reader */
	RING_READY,
};

/*
 * Maps the ring buffer. `size` is the map's max_entries in bytes. Returns 0 or a negative errno. After success, call
 * ring_close().
 */
int ring_open(int map_fd, size_t size, struct ring *ret);
void ring_close(struct ring *ring); /* a zeroed struct is allowed */

/* Returns the bytes waiting, headers included. */
size_t ring_pending(const struct ring *ring);

/* Returns the state of the next record. Skips discarded records. */
enum ring_state ring_peek(struct ring *ring);

/*
 * Only after RING_READY. ring_length() returns the length of the record, and ring_number() its 8-byte number at
 * `offset`, a multiple of 8 inside the record.
 *
 * ring_record() returns the record in one piece. A record that wraps around the end is copied to `bounce`, and cut at
 * RING_RECORD_MAX.
 */
size_t ring_length(const struct ring *ring);
uint64_t ring_number(const struct ring *ring, size_t offset);
const void *ring_record(const struct ring *ring, char bounce[RING_RECORD_MAX]);

/* ring_advance() moves past the record. ring_release() gives the room of all passed records back to the kernel. */
void ring_advance(struct ring *ring);
void ring_release(struct ring *ring);

#endif
