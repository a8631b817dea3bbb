/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Steps of the clock, suspends and interrupted readings of a simulated machine: one moment keeps one time. */
#include "core/clock_history.h"

#include "text.h"

#define US   1000LL
#define MS   1000000LL
#define SEC  1000000000LL
#define HOUR (3600 * SEC)

/* 2026-11-22T12:31:49Z */
#define EPOCH (1795350709 * SEC)

/* A machine whose clocks the test moves. */
struct machine {
	int64_t monotonic_ns;
	int64_t realtime_offset_ns;
	int64_t boottime_offset_ns;
	int32_t utc_offset_s;
};

static const struct machine booted = {.monotonic_ns = 100 * SEC, .realtime_offset_ns = EPOCH};

/* Each clock is read `width_ns` / 3 after the one before. */
static struct clock_reading read_slowly(const struct machine *machine, int64_t width_ns)
{
	int64_t part_ns = width_ns / 3, now_ns = machine->monotonic_ns;

	return (struct clock_reading){
		.before_ns = (uint64_t)now_ns,
		.realtime_ns = now_ns + part_ns + machine->realtime_offset_ns,
		.boottime_ns = now_ns + 2 * part_ns + machine->boottime_offset_ns,
		.after_ns = (uint64_t)(now_ns + width_ns),
		.utc_offset_s = machine->utc_offset_s,
	};
}

static void note(struct clock_history *history, struct machine *machine, int64_t width_ns)
{
	struct clock_reading reading = read_slowly(machine, width_ns);

	clock_history_note(history, &reading);
	machine->monotonic_ns += width_ns;
}

static void run_for(struct machine *machine, struct clock_history *history, int64_t duration_ns)
{
	machine->monotonic_ns += duration_ns;
	note(history, machine, 90);
}

static void suspend_for(struct machine *machine, int64_t duration_ns)
{
	machine->realtime_offset_ns += duration_ns;
	machine->boottime_offset_ns += duration_ns;
}

static int64_t wall_ns(const struct clock_history *history, int64_t monotonic_ns)
{
	return clock_history_realtime_ns(history, (uint64_t)monotonic_ns);
}

static void expect_near(int64_t actual, int64_t expected, int64_t tolerance)
{
	if (actual < expected - tolerance || actual > expected + tolerance)
		fail_msg("%lld instead of %lld", (long long)actual, (long long)expected);
}

static void test_zeros(void **state)
{
	static const struct clock_history history;

	(void)state;
	assert_int_equal(wall_ns(&history, 0), 0);
	assert_int_equal(wall_ns(&history, 12345), 12345);
	assert_int_equal(clock_history_suspended_ns(&history, 12345, 12345), 0);
}

/* The first reading holds for what was before it, and for what comes, as long as the next ones agree. */
static void test_nothing_changes(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	struct clock_reading reading = read_slowly(&machine, 90);
	int64_t told;

	(void)state;
	assert_false(clock_history_agrees(&history, &reading));
	run_for(&machine, &history, 0);
	told = wall_ns(&history, SEC);
	expect_near(told, EPOCH + SEC, 45);
	for (int i = 0; i < 100000; i++) {
		run_for(&machine, &history, SEC);
		assert_int_equal(wall_ns(&history, SEC), told);
	}
	assert_int_equal(history.count, 0);
	assert_int_equal(wall_ns(&history, machine.monotonic_ns) - machine.monotonic_ns, told - SEC);
}

/* However long the process was interrupted between the clocks, that is no step. */
static void test_interrupted(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	int64_t told;

	(void)state;
	run_for(&machine, &history, 0);
	told = wall_ns(&history, 0);
	for (int64_t width_ns = 3; width_ns < HOUR; width_ns *= 3) {
		struct clock_reading late = read_slowly(&machine, width_ns), early = late;

		early.realtime_ns = (int64_t)early.before_ns + machine.realtime_offset_ns;
		early.boottime_ns = (int64_t)early.before_ns + machine.boottime_offset_ns;
		late.realtime_ns = (int64_t)late.after_ns + machine.realtime_offset_ns;
		late.boottime_ns = (int64_t)late.after_ns + machine.boottime_offset_ns;
		assert_true(clock_history_agrees(&history, &early));
		assert_true(clock_history_agrees(&history, &late));
		note(&history, &machine, width_ns);
		assert_int_equal(wall_ns(&history, 0), told);
	}
	assert_int_equal(history.count, 0);
}

/* Also the first reading may have been interrupted: a better one corrects it, for what comes only. */
static void test_bad_beginning(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	int64_t told;

	(void)state;
	note(&history, &machine, 30 * MS);
	told = wall_ns(&history, machine.monotonic_ns);
	expect_near(told, EPOCH + machine.monotonic_ns, 15 * MS);
	machine.monotonic_ns++;
	run_for(&machine, &history, SEC);
	expect_near(wall_ns(&history, machine.monotonic_ns), EPOCH + machine.monotonic_ns, US);
	assert_int_equal(wall_ns(&history, booted.monotonic_ns + 30 * MS), told);
}

static void check_step(int64_t step_ns)
{
	struct clock_history history = {};
	struct machine machine = booted;
	int64_t told, last;

	run_for(&machine, &history, 0);
	run_for(&machine, &history, SEC);
	told = wall_ns(&history, machine.monotonic_ns);
	last = machine.monotonic_ns;
	machine.realtime_offset_ns += step_ns;
	run_for(&machine, &history, SEC);
	assert_int_equal(history.count, 1);
	/* what was told stays, and until the step is noticed it has not happened */
	assert_int_equal(wall_ns(&history, last), told);
	assert_int_equal(wall_ns(&history, machine.monotonic_ns - 1), told + machine.monotonic_ns - 1 - last);
	expect_near(wall_ns(&history, machine.monotonic_ns), EPOCH + step_ns + machine.monotonic_ns, 45);
	assert_int_equal(clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns, SEC), 0);
}

static void test_steps(void **state)
{
	(void)state;
	for (int64_t step_ns = 2 * US; step_ns < 10 * 365 * 24 * HOUR; step_ns *= 7) {
		check_step(step_ns);
		check_step(-step_ns);
	}
}

/* Each is too small to be one; together they are. */
static void test_small_steps(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;

	(void)state;
	run_for(&machine, &history, 0);
	for (int i = 0; i < 100; i++) {
		machine.realtime_offset_ns += 100;
		run_for(&machine, &history, SEC);
		expect_near(wall_ns(&history, machine.monotonic_ns), machine.realtime_offset_ns + machine.monotonic_ns,
			    2 * US);
	}
	assert_in_range(history.count, 1, 10);
}

static void test_suspend(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	int64_t told, asleep, awake;

	(void)state;
	run_for(&machine, &history, 0);
	run_for(&machine, &history, SEC);
	asleep = machine.monotonic_ns;
	told = wall_ns(&history, asleep);
	suspend_for(&machine, 8 * HOUR);
	run_for(&machine, &history, 100 * MS);
	awake = machine.monotonic_ns;
	assert_int_equal(wall_ns(&history, asleep), told);
	expect_near(wall_ns(&history, awake), EPOCH + 8 * HOUR + awake, 90);
	/* Events of processes that woke up before the tool. */
	expect_near(wall_ns(&history, awake - 10 * MS), EPOCH + 8 * HOUR + awake - 10 * MS, 90);

	assert_int_equal(clock_history_suspended_ns(&history, (uint64_t)asleep, SEC), 0);
	assert_int_equal(clock_history_suspended_ns(&history, (uint64_t)awake, 5 * MS), 0);
	expect_near((int64_t)clock_history_suspended_ns(&history, (uint64_t)awake, SEC), 8 * HOUR, 90);
	/* since before anybody looked */
	expect_near((int64_t)clock_history_suspended_ns(&history, (uint64_t)awake, 100 * SEC), 8 * HOUR, 90);

	suspend_for(&machine, HOUR);
	run_for(&machine, &history, SEC);
	expect_near((int64_t)clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns, SEC), HOUR, 180);
	expect_near((int64_t)clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns, 2 * SEC), 9 * HOUR,
		    180);
}

/* Just before it, something was told: that stays, even if the tool runs again at once. */
static void test_suspend_after_telling(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	int64_t told, asleep;

	(void)state;
	run_for(&machine, &history, 0);
	run_for(&machine, &history, SEC);
	asleep = machine.monotonic_ns;
	told = wall_ns(&history, asleep);
	suspend_for(&machine, HOUR);
	run_for(&machine, &history, MS);
	assert_int_equal(wall_ns(&history, asleep), told);
	expect_near(wall_ns(&history, machine.monotonic_ns), EPOCH + HOUR + machine.monotonic_ns, 90);
}

/* A wrong clock of the board is put right after the suspend: a step, no time asleep. */
static void test_suspend_and_step(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;

	(void)state;
	run_for(&machine, &history, 0);
	suspend_for(&machine, HOUR);
	machine.realtime_offset_ns -= 3 * SEC;
	run_for(&machine, &history, SEC);
	machine.realtime_offset_ns += 3 * SEC;
	run_for(&machine, &history, SEC);
	expect_near(wall_ns(&history, machine.monotonic_ns), EPOCH + HOUR + machine.monotonic_ns, 90);
	expect_near((int64_t)clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns, 10 * SEC), HOUR, 90);
}

static void test_daylight_saving(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	int64_t before;

	(void)state;
	machine.utc_offset_s = 7200;
	run_for(&machine, &history, SEC);
	before = machine.monotonic_ns;
	machine.utc_offset_s = 3600;
	run_for(&machine, &history, SEC);
	assert_int_equal(clock_history_at(&history, (uint64_t)before)->utc_offset_s, 7200);
	assert_int_equal(clock_history_at(&history, (uint64_t)machine.monotonic_ns)->utc_offset_s, 3600);
	assert_int_equal(wall_ns(&history, machine.monotonic_ns) - wall_ns(&history, before),
			 machine.monotonic_ns - before);
}

/* Whatever happens to the clocks, a moment that was told keeps its time, and each is right when it is told. */
static void test_told_once(void **state)
{
	static struct clock_history history;
	static struct {
		int64_t monotonic_ns, wall_ns;
	} told[CLOCK_HISTORY_MAX - 1];
	struct machine machine = booted;
	uint64_t seed = 5;

	(void)state;
	run_for(&machine, &history, 0);
	for (size_t i = 0; i < COUNT(told); i++) {
		int64_t change_ns = (int64_t)(text_random(&seed) % (2 * HOUR)) - HOUR;

		if (text_random(&seed) % 2)
			suspend_for(&machine, change_ns < 0 ? -change_ns + MS : change_ns + MS);
		else
			machine.realtime_offset_ns += change_ns;
		run_for(&machine, &history, (int64_t)(text_random(&seed) % SEC));
		told[i].monotonic_ns = machine.monotonic_ns;
		told[i].wall_ns = wall_ns(&history, machine.monotonic_ns);
		expect_near(told[i].wall_ns, machine.monotonic_ns + machine.realtime_offset_ns, US);
	}
	for (size_t i = 0; i < COUNT(told); i++)
		assert_int_equal(wall_ns(&history, told[i].monotonic_ns), told[i].wall_ns);
}

/* A daemon that steps the clock without end: memory is bounded, the present is right, great changes are kept. */
static void test_bound(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;
	int64_t begin, middle, begin_wall, middle_wall;

	(void)state;
	run_for(&machine, &history, 0);
	begin = machine.monotonic_ns;
	begin_wall = wall_ns(&history, begin);
	suspend_for(&machine, HOUR);
	run_for(&machine, &history, SEC);
	middle = machine.monotonic_ns;
	middle_wall = wall_ns(&history, middle);
	for (int i = 0; i < 5 * CLOCK_HISTORY_MAX; i++) {
		machine.realtime_offset_ns += i % 3 ? MS : -2 * MS;
		run_for(&machine, &history, SEC);
		expect_near(wall_ns(&history, machine.monotonic_ns), machine.realtime_offset_ns + machine.monotonic_ns,
			    US);
	}
	assert_int_equal(history.count, COUNT(history.older));
	for (size_t i = 1; i < history.count; i++)
		assert_true(history.older[i - 1].from_ns <= history.older[i].from_ns);
	assert_int_equal(wall_ns(&history, begin), begin_wall);
	expect_near(wall_ns(&history, middle), middle_wall, 3 * MS);
	expect_near((int64_t)clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns,
							(uint64_t)machine.monotonic_ns),
		    HOUR, 90);
}

/* As the kernel or a broken record may say them. */
static void test_wild_times(void **state)
{
	static struct clock_history history;
	struct machine machine = booted;

	(void)state;
	run_for(&machine, &history, 0);
	suspend_for(&machine, HOUR);
	run_for(&machine, &history, SEC);
	assert_int_equal(clock_history_suspended_ns(&history, 0, UINT64_MAX), 0);
	assert_int_equal(clock_history_suspended_ns(&history, UINT64_MAX, 0), 0);
	expect_near((int64_t)clock_history_suspended_ns(&history, UINT64_MAX, UINT64_MAX), HOUR, 90);
	/* longer than there was time, and DURATION_UNKNOWN */
	assert_int_equal(clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns, UINT64_MAX / 2), 0);
	assert_int_equal(clock_history_suspended_ns(&history, (uint64_t)machine.monotonic_ns, UINT64_MAX), 0);
	assert_int_equal(clock_history_suspended_between(&history, (uint64_t)machine.monotonic_ns, 0), 0);
	assert_int_equal((uint64_t)wall_ns(&history, -1), (uint64_t)history.newest.realtime_offset_ns - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_nothing_changes),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_bad_beginning),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_small_steps),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_suspend_after_telling),
		cmocka_unit_test(test_suspend_and_step),
		cmocka_unit_test(test_daylight_saving),
		cmocka_unit_test(test_told_once),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_wild_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
