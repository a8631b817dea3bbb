/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes between two releases. Each release takes a cache line from the programs, which read it for each record. */
#define RELEASE_BYTES 4096

int ring_open(int map_fd, size_t size, struct ring *ret)
{
	struct ring ring = {.map_fd = map_fd, .size = size, .page_size = (size_t)sysconf(_SC_PAGESIZE)};
	int error;

	ring.consumer = mmap(NULL, ring.page_size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (ring.consumer == MAP_FAILED)
		return -errno;
	ring.producer = mmap(NULL, ring.page_size + size, PROT_READ, MAP_SHARED, map_fd, (off_t)ring.page_size);
	if (ring.producer == MAP_FAILED) {
		error = -errno;
		munmap(ring.consumer, ring.page_size);
		return error;
	}
	*ret = ring;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring->consumer)
		return;
	munmap(ring->consumer, ring->page_size);
	munmap(ring->producer, ring->page_size + ring->size);
	*ring = (struct ring){0};
}

size_t ring_pending(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - ring->position;
}

static const char *data_at(const struct ring *ring, uint64_t position)
{
	return (const char *)ring->producer + ring->page_size + (position & (ring->size - 1));
}

/* The header is 8-aligned, so it never wraps around the end. */
static uint32_t header(const struct ring *ring)
{
	return __atomic_load_n((const uint32_t *)data_at(ring, ring->position), __ATOMIC_ACQUIRE);
}

size_t ring_length(const struct ring *ring)
{
	return header(ring) & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
}

enum ring_state ring_peek(struct ring *ring)
{
	while (ring_pending(ring)) {
		uint32_t word = header(ring);

		if (word & BPF_RINGBUF_BUSY_BIT)
			return RING_BUSY;
		if (!(word & BPF_RINGBUF_DISCARD_BIT))
			return RING_READY;
		ring_advance(ring);
	}
	return RING_EMPTY;
}

uint64_t ring_number(const struct ring *ring, size_t offset)
{
	uint64_t number;

	memcpy(&number, data_at(ring, ring->position + BPF_RINGBUF_HDR_SZ + offset), sizeof(number));
	return number;
}

const void *ring_record(const struct ring *ring, char bounce[RING_RECORD_MAX])
{
	const char *record = data_at(ring, ring->position + BPF_RINGBUF_HDR_SZ);
	size_t length = ring_length(ring);
	size_t first = (size_t)(data_at(ring, ring->size - 1) + 1 - record);

	if (length <= first)
		return record;
	length = length < RING_RECORD_MAX ? length : RING_RECORD_MAX;
	first = first < length ? first : length;
	memcpy(bounce, record, first);
	memcpy(bounce + first, data_at(ring, 0), length - first);
	return bounce;
}

void ring_release(struct ring *ring)
{
	__atomic_store_n(ring->consumer, ring->position, __ATOMIC_RELEASE);
}

void ring_advance(struct ring *ring)
{
	ring->position += (ring_length(ring) + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
	if (ring->position - *ring->consumer >= RELEASE_BYTES)
		ring_release(ring);
}
