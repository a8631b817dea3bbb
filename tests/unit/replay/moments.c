/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The beginning of a state is shown with the time of the row before, to the last digit, as in a live run. */
#include "replay/moments.h"

#include "rows.h"

#define SOCKETS 50
#define ROWS    200

static void format_since(char text[TIMESTAMP_TEXT_MAX + APPEND_SLACK], const struct transition *event,
			 const struct timebase *base)
{
	struct row row = row_of(COLUMN_STYLE_CSV, event, NULL, base);

	*column_table[COLUMN_SINCE].append(text, &row) = '\0';
}

static void test_since(void **state)
{
	static const struct timebase live_base = {.clocks.newest = {.realtime_offset_ns = 1795350708000000123}};
	static const struct timebase replay_base;
	static struct moments moments;
	struct transition events[SOCKETS] = {};
	char live[TIMESTAMP_TEXT_MAX + APPEND_SLACK], replayed[TIMESTAMP_TEXT_MAX + APPEND_SLACK];
	uint64_t random = 4, now_ns = 1000000000;
	unsigned int placed = 0;

	(void)state;
	for (unsigned int i = 0; i < SOCKETS * ROWS; i++) {
		struct transition *event = &events[i % SOCKETS], read;
		bool is_first = !event->time_ns;
		uint64_t shown_ns;

		now_ns += text_random(&random) % 5000;
		event->skaddr = 0xffff888100000000 + i % SOCKETS * 2496;
		event->duration_ns = is_first ? DURATION_UNKNOWN : now_ns - event->time_ns;
		event->oldstate = event->newstate;
		event->newstate = (uint8_t)(1 + text_random(&random) % 11);
		event->time_ns = now_ns;
		read = *event;
		shown_ns = now_ns + (uint64_t)live_base.clocks.newest.realtime_offset_ns;
		read.time_ns = shown_ns -= shown_ns % 1000;
		moments_place(&moments, &read);
		assert_int_equal(read.time_ns - read.time_ns % 1000, shown_ns);
		placed += read.time_ns != shown_ns;
		format_since(live, event, &live_base);
		format_since(replayed, &read, &replay_base);
		assert_string_equal(replayed, live);
	}
	assert_true(placed > SOCKETS * ROWS / 4);
}

/* Without the row before, it is as the record says. */
static void test_alone(void **state)
{
	static struct moments moments;
	struct transition event = {.skaddr = 1, .time_ns = 5000000, .duration_ns = 1500, .oldstate = 1, .newstate = 4};

	(void)state;
	moments_place(&moments, &event);
	assert_int_equal(event.time_ns, 5000000);
	event.time_ns = 5002000;
	event.oldstate = 5;
	moments_place(&moments, &event);
	assert_int_equal(event.time_ns, 5002000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_since), cmocka_unit_test(test_alone)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
