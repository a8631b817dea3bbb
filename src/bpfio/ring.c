/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpfio/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer;
}

/* The record at `offset` of the data, in one piece: one that runs over the end is put together in `bounce`. */
static const void *ring_record(const struct ring *ring, size_t offset, size_t length, char *bounce)
{
	const char *data = (const char *)ring->producer + ring->page_size;
	size_t first = ring->size - offset;

	if (length <= first)
		return data + offset;
	memcpy(bounce, data + offset, first);
	memcpy(bounce + first, data, length - first);
	return bounce;
}

int64_t ring_drain(struct ring *ring, ring_take take, void *context)
{
	const char *data = (const char *)ring->producer + ring->page_size;
	uint64_t position = *ring->consumer; /* nobody else writes it */
	char bounce[RING_RECORD_MAX];
	int64_t taken = 0;

	while (position < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE)) {
		/* The header is 8-aligned, so it never runs over the end. */
		const uint32_t *header = (const uint32_t *)(data + (position & (ring->size - 1)));
		uint32_t word = __atomic_load_n(header, __ATOMIC_ACQUIRE);
		uint32_t length = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (word & BPF_RINGBUF_BUSY_BIT)
			break; /* still being written: its commit will wake us */
		if (!(word & BPF_RINGBUF_DISCARD_BIT)) {
			size_t offset = (position + BPF_RINGBUF_HDR_SZ) & (ring->size - 1);
			size_t readable = length < sizeof(bounce) ? length : sizeof(bounce);
			int error = take(context, ring_record(ring, offset, readable, bounce), length);

			if (error)
				return taken ? taken : error;
			taken++;
		}
		position += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
	}
	return taken;
}
