/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/rings.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

size_t rings_count(size_t bytes, size_t cpus)
{
	size_t count = 1;

	while (count * 2 <= cpus && bytes / (count * 2) >= RINGS_SIZE_MIN && count < RINGS_MAX)
		count *= 2;
	return count;
}

static struct bpf_map *map_of(const struct bpf_object *object, size_t number)
{
	char name[32];

	snprintf(name, sizeof(name), "ring_%zu", number);
	return bpf_object__find_map_by_name(object, name);
}

int rings_size_maps(const struct bpf_object *object, size_t count, size_t size)
{
	int error = 0;

	for (size_t i = 0; !error && i < RINGS_MAX; i++) {
		struct bpf_map *map = map_of(object, i);

		error = map ? bpf_map__set_autocreate(map, i < count) : -errno;
		if (!error && i < count)
			error = bpf_map__set_max_entries(map, (uint32_t)size);
	}
	return error;
}

int rings_open(const struct bpf_object *object, size_t count, size_t size, size_t time_offset, struct rings *ret)
{
	struct rings rings = {
		.ring = calloc(count, sizeof(*rings.ring)),
		.next_ns = calloc(count, sizeof(*rings.next_ns)),
		.size = size,
		.time_offset = time_offset,
	};
	int error = rings.ring && rings.next_ns ? 0 : -ENOMEM;

	while (!error && rings.count < count) {
		error = ring_open(bpf_map__fd(map_of(object, rings.count)), size, &rings.ring[rings.count]);
		rings.count += !error;
	}
	if (error)
		rings_close(&rings);
	else
		*ret = rings;
	return error;
}

void rings_close(struct rings *rings)
{
	for (size_t i = 0; i < rings->count; i++)
		ring_close(&rings->ring[i]);
	free(rings->ring);
	free(rings->next_ns);
	*rings = (struct rings){0};
}

size_t rings_pending(const struct rings *rings)
{
	size_t pending = 0;

	for (size_t i = 0; i < rings->count; i++)
		pending += ring_pending(&rings->ring[i]);
	return pending;
}

bool rings_quarter_full(const struct rings *rings)
{
	for (size_t i = 0; i < rings->count; i++) {
		if (ring_pending(&rings->ring[i]) >= rings->size / 4)
			return true;
	}
	return false;
}

uint64_t rings_position(const struct rings *rings)
{
	uint64_t position = 0;

	for (size_t i = 0; i < rings->count; i++)
		position += rings->ring[i].position;
	return position;
}

/* next_ns of a ring buffer without a readable record. No record has a time of 0. */
#define NOTHING 0

/*
 * Looks at ring buffers with no known record. Returns how many now have one, or -EAGAIN if a record is being written:
 * it may be the oldest of all.
 */
static int peek(struct rings *rings)
{
	int found = 0;

	for (size_t i = 0; i < rings->count; i++) {
		enum ring_state state;

		if (rings->next_ns[i] != NOTHING)
			continue;
		state = ring_peek(&rings->ring[i]);
		if (state == RING_BUSY)
			return -EAGAIN;
		if (state == RING_READY) {
			rings->next_ns[i] = ring_number(&rings->ring[i], rings->time_offset) ?: 1;
			found++;
		}
	}
	return found;
}

/*
 * Returns the ring buffer with the oldest record, or NULL. An earlier event of the same socket on another CPU is
 * written before this record. One more look at the other ring buffers, after this record is seen, therefore finds that
 * event.
 */
static struct ring *oldest(struct rings *rings, uint64_t **ret_next_ns)
{
	size_t first = 0;
	int found;

	while ((found = peek(rings)) > 0)
		;
	for (size_t i = 1; i < rings->count; i++) {
		if (rings->next_ns[i] - 1 < rings->next_ns[first] - 1) /* NOTHING sorts last */
			first = i;
	}
	if (found < 0 || !rings->count || rings->next_ns[first] == NOTHING)
		return NULL;
	*ret_next_ns = &rings->next_ns[first];
	return &rings->ring[first];
}

/*
 * Releases all ring buffers. The kernel wakes the reader for a record only if it already has the position right before
 * that record.
 */
static void release(struct rings *rings)
{
	for (size_t i = 0; i < rings->count; i++)
		ring_release(&rings->ring[i]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int64_t rings_drain(struct rings *rings, rings_take take, void *context)
{
	uint64_t end = rings_position(rings) + rings_pending(rings), position = rings_position(rings);
	char bounce[RING_RECORD_MAX];
	bool is_released = false;
	int64_t taken = 0;
	int error = 0;

	while (!error && (position < end || !taken)) {
		uint64_t *next_ns;
		struct ring *ring = oldest(rings, &next_ns);

		if (!ring && is_released)
			break;
		is_released = !ring;
		if (!ring) {
			release(rings);
			continue;
		}
		error = take(context, ring_record(ring, bounce), ring_length(ring));
		if (error)
			break;
		position -= ring->position;
		ring_advance(ring);
		position += ring->position;
		*next_ns = NOTHING;
		taken++;
	}
	release(rings);
	return taken ? taken : error;
}
