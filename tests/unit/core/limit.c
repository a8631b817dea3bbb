/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The verdict on a connection, over its space: each threshold from both sides, ties, and that it never turns back. */
#include "core/limit.h"

#include "text.h"

#define MS 1000000ULL

/* 1 s in which 10,000 bytes were sent. */
static struct limit_evidence second(void)
{
	return (struct limit_evidence){.is_known = true, .able_ns = 1000 * MS, .bytes_sent = 10000};
}

static void check(const struct limit_evidence *evidence, const char *name)
{
	assert_string_equal(limit_name(limit_judge(evidence)), name);
}

static void test_unknown(void **state)
{
	struct limit_evidence evidence = second();

	(void)state;
	evidence.is_known = false;
	evidence.window_ns = 900 * MS;
	assert_int_equal(limit_judge(&evidence), LIMITED_UNKNOWN);
	assert_null(limit_name(LIMITED_UNKNOWN));
	assert_null(limit_name(LIMITED_BY_COUNT));
}

static void test_none(void **state)
{
	struct limit_evidence evidence = second();

	(void)state;
	evidence.able_ns = 100 * MS - 1;
	check(&evidence, "none");
	evidence.busy_ns = 100 * MS; /* the kernel's tick may make it longer than the time in states */
	check(&evidence, "network");
	evidence.busy_ns = 0;
	evidence.able_ns = 100 * MS;
	check(&evidence, "application");
	evidence.bytes_sent = 0;
	check(&evidence, "none");
}

/* Each of the four parts, when it is just the largest, and when it is not. */
static void test_largest(void **state)
{
	struct limit_evidence evidence = second();

	(void)state;
	check(&evidence, "application");
	evidence.busy_ns = 500 * MS;
	check(&evidence, "network");
	evidence.busy_ns = 500 * MS - 1;
	check(&evidence, "application");
	evidence.busy_ns = 0;
	evidence.window_ns = 500 * MS;
	check(&evidence, "receiver-window");
	evidence.window_ns = 500 * MS - 1;
	check(&evidence, "application");
	evidence.window_ns = 0;
	evidence.send_buffer_ns = 500 * MS;
	check(&evidence, "send-buffer");
	evidence.send_buffer_ns = 500 * MS - 1;
	check(&evidence, "application");
}

static void test_ties(void **state)
{
	struct limit_evidence evidence = second();

	(void)state;
	evidence.window_ns = evidence.send_buffer_ns = evidence.busy_ns = 250 * MS;
	check(&evidence, "receiver-window");
	evidence.window_ns = 249 * MS;
	check(&evidence, "application"); /* idle for 251 ms */
	evidence.able_ns -= MS;
	check(&evidence, "send-buffer");
	evidence.send_buffer_ns -= MS;
	evidence.able_ns -= MS;
	check(&evidence, "network");
}

static void test_loss(void **state)
{
	struct limit_evidence evidence = second();

	(void)state;
	evidence.busy_ns = 600 * MS;
	evidence.bytes_lost = 99;
	check(&evidence, "network");
	evidence.bytes_lost = 100; /* 1 % */
	check(&evidence, "loss");
	evidence.bytes_lost = 0;
	evidence.timer_ns = 60 * MS - 1;
	check(&evidence, "network");
	evidence.timer_ns = 60 * MS; /* 10 % */
	check(&evidence, "loss");
	/* a loss does not matter while something else limits */
	evidence.window_ns = 601 * MS;
	check(&evidence, "receiver-window");
	evidence.window_ns = 0;
	evidence.busy_ns = 100 * MS;
	check(&evidence, "application");
}

/* Sums of large numbers: nothing overflows into another verdict. */
static void test_large(void **state)
{
	struct limit_evidence evidence = {.is_known = true,
					  .able_ns = UINT64_MAX / 2,
					  .busy_ns = UINT64_MAX / 3,
					  .bytes_sent = UINT64_MAX,
					  .bytes_lost = UINT64_MAX / 101};

	(void)state;
	check(&evidence, "network");
	evidence.bytes_lost = UINT64_MAX / 99;
	check(&evidence, "loss");
}

/* Over a grid of all five times: the verdict has the largest part, and is "loss" only with a loss. */
static void test_grid(void **state)
{
	static const uint64_t steps[] = {0, 50, 99, 100, 101, 400, 1000};
	struct limit_evidence e = second();

	(void)state;
	for (size_t able = 0; able < COUNT(steps); able++)
		for (size_t window = 0; window < COUNT(steps); window++)
			for (size_t buffer = 0; buffer < COUNT(steps); buffer++)
				for (size_t busy = 0; busy < COUNT(steps); busy++) {
					uint64_t sum, part[LIMITED_BY_COUNT] = {};
					enum limited_by limit;

					e.able_ns = steps[able] * MS;
					e.window_ns = part[LIMITED_BY_RECEIVER_WINDOW] = steps[window] * MS;
					e.send_buffer_ns = part[LIMITED_BY_SEND_BUFFER] = steps[buffer] * MS;
					e.busy_ns = part[LIMITED_BY_NETWORK] = steps[busy] * MS;
					sum = e.window_ns + e.send_buffer_ns + e.busy_ns;
					part[LIMITED_BY_APPLICATION] = e.able_ns > sum ? e.able_ns - sum : 0;
					limit = limit_judge(&e);
					assert_int_not_equal(limit, LIMITED_BY_LOSS);
					if (sum < 100 * MS && e.able_ns < 100 * MS) {
						assert_int_equal(limit, LIMITED_BY_NONE);
						continue;
					}
					for (size_t i = 0; i < LIMITED_BY_COUNT; i++)
						assert_true(part[i] <= part[limit]);
				}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_none), cmocka_unit_test(test_largest),
		cmocka_unit_test(test_ties),    cmocka_unit_test(test_loss), cmocka_unit_test(test_large),
		cmocka_unit_test(test_grid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
