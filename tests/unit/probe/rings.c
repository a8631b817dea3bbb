/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads ring buffers in plain memory. The test plays the kernel's part and writes them as kernel/bpf/ringbuf.c does. */
#include "probe/rings.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernel/lib/test.h"

#define PAGE  4096
#define SIZE  8192
#define COUNT 2

struct event {
	uint64_t id;
	uint64_t time_ns;
	char rest[104];
};

struct fixture {
	struct rings rings;
	struct ring ring[COUNT];
	uint64_t next_ns[COUNT];
	uint64_t consumer[COUNT];
	uint64_t *producer[COUNT]; /* and the data, a page behind */
	uint64_t ids[256];         /* what was taken */
	size_t taken;
	size_t room;                      /* so many are taken, then none */
	void (*before)(struct fixture *); /* the first is taken, once */
};

static uint32_t *header_at(struct fixture *fixture, size_t ring, uint64_t position)
{
	return (uint32_t *)((char *)fixture->producer[ring] + PAGE + position % SIZE);
}

static void commit(struct fixture *fixture, size_t ring, uint64_t position, uint32_t flags)
{
	*header_at(fixture, ring, position) = sizeof(struct event) | flags;
}

/* Returns its position, for commit(). */
static uint64_t reserve(struct fixture *fixture, size_t ring, uint64_t id, uint64_t time_ns)
{
	struct event event = {.id = id, .time_ns = time_ns};
	uint64_t position = *fixture->producer[ring];

	assert_true(position + sizeof(event) + BPF_RINGBUF_HDR_SZ - fixture->consumer[ring] <= SIZE);
	commit(fixture, ring, position, BPF_RINGBUF_BUSY_BIT);
	for (size_t i = 0; i < sizeof(event); i++)
		*((char *)fixture->producer[ring] + PAGE + (position + BPF_RINGBUF_HDR_SZ + i) % SIZE) =
			((char *)&event)[i];
	*fixture->producer[ring] = position + BPF_RINGBUF_HDR_SZ + sizeof(event);
	return position;
}

static void put(struct fixture *fixture, size_t ring, uint64_t id, uint64_t time_ns)
{
	commit(fixture, ring, reserve(fixture, ring, id, time_ns), 0);
}

static int take(void *context, const void *record, size_t size)
{
	struct fixture *fixture = context;
	void (*before)(struct fixture *) = fixture->before;

	fixture->before = NULL;
	if (before)
		before(fixture);
	if (fixture->taken == fixture->room)
		return -EAGAIN;
	assert_int_equal(size, sizeof(struct event));
	fixture->ids[fixture->taken++] = ((const struct event *)record)->id;
	return 0;
}

static void check_taken(struct fixture *fixture, const uint64_t *ids, size_t count)
{
	assert_int_equal(fixture->taken, count);
	assert_memory_equal(fixture->ids, ids, count * sizeof(*ids));
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	for (size_t i = 0; i < COUNT; i++) {
		fixture->producer[i] = calloc(1, PAGE + SIZE);
		assert_non_null(fixture->producer[i]);
		fixture->ring[i] = (struct ring){.size = SIZE,
						 .page_size = PAGE,
						 .consumer = &fixture->consumer[i],
						 .producer = fixture->producer[i]};
	}
	fixture->rings = (struct rings){.ring = fixture->ring,
					.next_ns = fixture->next_ns,
					.count = COUNT,
					.size = SIZE,
					.time_offset = offsetof(struct event, time_ns)};
	fixture->room = SIZE;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT; i++)
		free(fixture->producer[i]);
	free(fixture);
	return 0;
}

static void test_order_of_time(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, 0, 1, 100);
	put(fixture, 0, 4, 400);
	put(fixture, 1, 2, 200);
	put(fixture, 1, 3, 300);
	put(fixture, 1, 5, 500);
	assert_int_equal(rings_pending(&fixture->rings), 5 * (sizeof(struct event) + BPF_RINGBUF_HDR_SZ));
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 5);
	check_taken(fixture, (const uint64_t[]){1, 2, 3, 4, 5}, 5);
	assert_int_equal(rings_pending(&fixture->rings), 0);
	assert_int_equal(fixture->consumer[0], *fixture->producer[0]);
	assert_int_equal(fixture->consumer[1], *fixture->producer[1]);
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 0);
}

static void put_older(struct fixture *fixture)
{
	put(fixture, 1, 2, 200);
	put(fixture, 0, 3, 300);
}

/* Events that arrive meanwhile are for the next time, in order. */
static void test_order_of_what_comes_meanwhile(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, 0, 1, 100);
	fixture->before = put_older;
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 1);
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 2);
	check_taken(fixture, (const uint64_t[]){1, 2, 3}, 3);
}

/* One that is being written may be older than what the other ring has. */
static void test_busy_record_holds_back_all(void **state)
{
	struct fixture *fixture = *state;
	uint64_t busy = reserve(fixture, 0, 1, 100);

	put(fixture, 1, 2, 200);
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 0);
	commit(fixture, 0, busy, 0);
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 2);
	check_taken(fixture, (const uint64_t[]){1, 2}, 2);
}

static void test_discarded_record_is_passed_over(void **state)
{
	struct fixture *fixture = *state;

	commit(fixture, 0, reserve(fixture, 0, 1, 100), BPF_RINGBUF_DISCARD_BIT);
	put(fixture, 0, 2, 200);
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 1);
	check_taken(fixture, (const uint64_t[]){2}, 1);
}

/* Events that are not taken stay, and are handed out again. */
static void test_no_room(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, 0, 1, 100);
	put(fixture, 1, 2, 200);
	put(fixture, 0, 3, 300);
	fixture->room = 0;
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), -EAGAIN);
	fixture->room = 2;
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 2);
	assert_int_equal(rings_pending(&fixture->rings), sizeof(struct event) + BPF_RINGBUF_HDR_SZ);
	assert_int_equal(fixture->consumer[0], sizeof(struct event) + BPF_RINGBUF_HDR_SZ);
	fixture->room = SIZE;
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 1);
	check_taken(fixture, (const uint64_t[]){1, 2, 3}, 3);
}

/* Round the end several times: records that are in two pieces, too. */
static void test_wrapped(void **state)
{
	struct fixture *fixture = *state;
	uint64_t id = 0;

	/* one of another size, so that the records behind it do not fit evenly */
	*header_at(fixture, 0, 0) = 40 | BPF_RINGBUF_DISCARD_BIT;
	*fixture->producer[0] = 40 + BPF_RINGBUF_HDR_SZ;
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 50; i++, id++)
			put(fixture, 0, id, 100 + id);
		fixture->taken = 0;
		assert_int_equal(rings_drain(&fixture->rings, take, fixture), 50);
		for (size_t i = 0; i < 50; i++)
			assert_int_equal(fixture->ids[i], id - 50 + i);
	}
}

static void put_again(struct fixture *fixture)
{
	put(fixture, 0, 1, 100);
	fixture->before = put_again;
}

/* Each record makes another one. */
static void test_ends(void **state)
{
	struct fixture *fixture = *state;

	put_again(fixture);
	put(fixture, 1, 2, 200);
	assert_int_equal(rings_drain(&fixture->rings, take, fixture), 2);
	assert_true(rings_pending(&fixture->rings));
}

static void test_crowded(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t i = 0; i < 15; i++)
		put(fixture, 1, i, 100 + i);
	assert_false(rings_quarter_full(&fixture->rings));
	put(fixture, 1, 15, 200);
	assert_true(rings_quarter_full(&fixture->rings));
}

/* No ring smaller than RINGS_SIZE_MIN, but one. */
static void test_count(void **state)
{
	(void)state;
	assert_int_equal(rings_count(4 << 20, 1), 1);
	assert_int_equal(rings_count(4 << 20, 2), 2);
	assert_int_equal(rings_count(4 << 20, 3), 2);
	assert_int_equal(rings_count(4 << 20, 128), 4);
	assert_int_equal(rings_count(64 << 10, 128), 1);
	assert_int_equal(rings_count(1 << 30, 128), RINGS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_of_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order_of_what_comes_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy_record_holds_back_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_discarded_record_is_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crowded, setup, teardown),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
