/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A queue that grows, shrinks and goes on for long: each record once, in order. */
#include "core/connection_queue.h"

#include "text.h"

static void add(struct connection_queue *queue, uint64_t number)
{
	struct connection record = {.end = {.cookie = number, .flags = number % 3 ? TRANSITION_SCAN : 0}};

	assert_int_equal(connection_queue_add(queue, &record), 0);
}

static void take(struct connection_queue *queue, uint64_t number)
{
	assert_non_null(connection_queue_first(queue));
	assert_int_equal(connection_queue_first(queue)->end.cookie, number);
	connection_queue_drop(queue);
}

static void test_order(void **state)
{
	struct connection_queue queue = {};
	uint64_t random = 5, added = 0, taken = 0;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		uint64_t most = text_random(&random) % 2000;

		for (uint64_t i = 0; i < most; i++)
			add(&queue, added++);
		most = text_random(&random) % 2000;
		for (uint64_t i = 0; i < most && taken < added; i++)
			take(&queue, taken++);
		/* every third one has ended */
		assert_int_equal(queue.ended, (added + 2) / 3 - (taken + 2) / 3);
		assert_int_equal(connection_queue_open(&queue), added - taken - queue.ended);
	}
	while (taken < added)
		take(&queue, taken++);
	assert_null(connection_queue_first(&queue));
	connection_queue_close(&queue);
}

/* A queue that is never empty does not grow for ever, and an empty one takes no memory. */
static void test_room(void **state)
{
	struct connection_queue queue = {};
	uint64_t added = 0, taken = 0;

	(void)state;
	while (added < 100)
		add(&queue, added++);
	while (added < 100000) {
		add(&queue, added++);
		take(&queue, taken++);
	}
	assert_true(queue.room <= 512);
	while (taken < added)
		take(&queue, taken++);
	assert_null(queue.records);
	assert_int_equal(queue.room, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
