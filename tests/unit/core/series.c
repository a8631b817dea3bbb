/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which groups are shown; no series, no "other" and no sum ever falls, whatever comes and goes. */
#include "core/series.h"

#include "text.h"

#define SECOND 1000000000ULL
#define GROUPS 40
#define WORDS  3
#define PLACES 4

/* The counters of the groups, and those of all groups that have ended. */
struct world {
	struct series_table table;
	uint64_t counters[GROUPS][WORDS];
	uint64_t shown[GROUPS][WORDS]; /* the series at the last reading */
	bool was_shown[GROUPS], is_live[GROUPS];
	uint64_t other[WORDS], total[WORDS];
	uint64_t now_ns;
};

static int setup(void **state)
{
	static struct world world;

	world = (struct world){};
	*state = &world;
	return series_open(GROUPS, WORDS, PLACES, &world.table);
}

static int teardown(void **state)
{
	struct world *world = *state;

	series_close(&world->table);
	return 0;
}

static void grow(struct world *world, size_t group, uint64_t by)
{
	world->is_live[group] = true;
	for (size_t i = 0; i < WORDS; i++) {
		world->counters[group][i] += by * i;
		world->total[i] += by * i;
	}
}

static void read_all(struct world *world, uint64_t seconds)
{
	world->now_ns += seconds * SECOND;
	series_begin(&world->table, world->now_ns);
	for (size_t i = 0; i < GROUPS; i++)
		if (world->is_live[i])
			series_count(&world->table, i, world->counters[i], world->counters[i][1]);
	series_choose(&world->table);
}

/* The sums are right, and nothing has fallen since the last check. */
static void check_sums(struct world *world)
{
	uint64_t values[WORDS], sum[WORDS];
	size_t shown = 0;

	series_read_other(&world->table, sum);
	for (size_t i = 0; i < WORDS; i++)
		assert_true(sum[i] >= world->other[i]);
	memcpy(world->other, sum, sizeof(sum));
	for (size_t group = 0; group < GROUPS; group++) {
		bool is_shown = series_is_shown(&world->table, group);

		if (is_shown) {
			shown++;
			series_read(&world->table, group, values);
			for (size_t i = 0; i < WORDS; i++) {
				assert_true(!world->was_shown[group] || values[i] >= world->shown[group][i]);
				sum[i] += values[i];
			}
			memcpy(world->shown[group], values, sizeof(values));
		}
		world->was_shown[group] = is_shown;
	}
	assert_memory_equal(sum, world->total, sizeof(sum));
	assert_true(shown <= PLACES);
}

static void end_group(struct world *world, size_t group)
{
	series_end(&world->table, group, world->counters[group]);
	memset(world->counters[group], 0, sizeof(world->counters[group]));
	world->is_live[group] = world->was_shown[group] = false;
}

static uint64_t value_of(const struct world *world, size_t group)
{
	uint64_t values[WORDS];

	assert_true(series_is_shown(&world->table, group));
	series_read(&world->table, group, values);
	return values[1];
}

/* A group that finds a place at its first reading has all its counts. */
static void test_first_reading(void **state)
{
	struct world *world = *state;

	grow(world, 7, 5);
	read_all(world, 1);
	assert_int_equal(value_of(world, 7), 5);
	grow(world, 7, 2);
	read_all(world, 1);
	assert_int_equal(value_of(world, 7), 7);
	check_sums(world);
}

/* The heaviest are shown. One that comes later takes a place only if it grows more than twice as fast for some
 * readings. */
static void test_heaviest(void **state)
{
	struct world *world = *state;
	uint64_t before;

	for (size_t i = 0; i < 10; i++)
		grow(world, i, 10 + i);
	read_all(world, 1);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(series_is_shown(&world->table, i), i >= 6);
	check_sums(world);
	for (size_t reading = 0; reading < 30; reading++) {
		bool was_shown = series_is_shown(&world->table, 4);

		for (size_t i = 6; i < 10; i++)
			grow(world, i, 10);
		grow(world, 3, 19);
		grow(world, 4, 23);
		read_all(world, 1);
		if (!was_shown && series_is_shown(&world->table, 4))
			assert_int_equal(value_of(world, 4), 0); /* its counts until now are in "other" */
		check_sums(world);
	}
	assert_false(series_is_shown(&world->table, 3));
	before = value_of(world, 4);
	grow(world, 4, 1);
	read_all(world, 1);
	assert_int_equal(value_of(world, 4), before + 1);
	check_sums(world);
}

/* Alternate bursts: the place does not change hands at each reading. */
static void test_alternate(void **state)
{
	struct world *world = *state;
	size_t changes = 0;

	for (size_t i = 0; i < PLACES - 1; i++)
		grow(world, i, 1);
	read_all(world, 1);
	for (size_t reading = 0; reading < 100; reading++) {
		bool was_shown = series_is_shown(&world->table, PLACES);

		for (size_t i = 0; i < PLACES - 1; i++)
			grow(world, i, 1000);
		grow(world, PLACES + reading % 2, 1000);
		read_all(world, 15);
		changes += series_is_shown(&world->table, PLACES) != was_shown;
		check_sums(world);
	}
	assert_true(changes <= 1);
}

/* A series ends after two readings and five minutes without a change, and not before. */
static void test_idle(void **state)
{
	struct world *world = *state;

	grow(world, 2, 5);
	read_all(world, 1);
	read_all(world, 400);
	assert_false(series_is_idle(&world->table, 2));
	read_all(world, 1);
	assert_true(series_is_idle(&world->table, 2));
	check_sums(world);
	grow(world, 2, 1);
	read_all(world, 1);
	assert_false(series_is_idle(&world->table, 2));
	for (int i = 0; i < 3; i++)
		read_all(world, 1);
	assert_false(series_is_idle(&world->table, 2));
	read_all(world, 296);
	assert_false(series_is_idle(&world->table, 2));
	read_all(world, 1);
	assert_true(series_is_idle(&world->table, 2));
	/* the last counts come after the last reading */
	grow(world, 2, 9);
	end_group(world, 2);
	check_sums(world);
	assert_false(series_is_idle(&world->table, 2));
	/* another group with its number */
	grow(world, 2, 3);
	read_all(world, 1);
	assert_int_equal(value_of(world, 2), 3);
	check_sums(world);
}

static void test_no_place(void **state)
{
	struct series_table table;
	uint64_t counters[WORDS] = {1, 2, 3}, values[WORDS];

	(void)state;
	assert_int_equal(series_open(1, WORDS, 0, &table), 0);
	series_begin(&table, 1);
	series_count(&table, 0, counters, 1);
	series_choose(&table);
	assert_false(series_is_shown(&table, 0));
	series_read_other(&table, values);
	assert_memory_equal(values, counters, sizeof(values));
	series_close(&table);
}

/* Groups come, grow by any amount, rest and end at random. */
static void test_anything(void **state)
{
	struct world *world = *state;
	uint64_t random = 11;
	size_t ended = 0;

	for (int round = 0; round < 5000; round++) {
		for (size_t i = 0; i < 5; i++) {
			uint64_t by = text_random(&random) % (1 << text_random(&random) % 12);

			grow(world, text_random(&random) % (round % 2000 < 1000 ? GROUPS : 6), by);
		}
		read_all(world, 1 + text_random(&random) % 20);
		check_sums(world);
		for (size_t i = 0; i < GROUPS; i++) {
			if (!series_is_idle(&world->table, i))
				continue;
			end_group(world, i);
			ended++;
		}
		check_sums(world);
	}
	assert_true(ended > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_heaviest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alternate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test_setup_teardown(test_anything, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
