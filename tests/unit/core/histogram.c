/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Slots, the log2 table, differences. histogram_statistics.c has the values that are computed from the counts. */
#include "core/histogram.h"

#include "samples.h"

static unsigned int log2_floor(uint64_t value)
{
	unsigned int log2 = 0;

	while (value >>= 1)
		log2++;
	return log2;
}

/* ---- slots ---- */

/* The definition, written apart from the code under test. */
static uint32_t slot_defined(uint64_t value)
{
	unsigned int octave;

	if (value < 16)
		return value;
	octave = log2_floor(value);
	if (octave >= SLOT_VALUE_BITS)
		return LAST_SLOT;
	return (octave - 3) * 16 + (value - (1ULL << octave)) * 16 / (1ULL << octave);
}

static void test_every_boundary(void **state)
{
	uint64_t before = 0;

	(void)state;
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		uint64_t low, high;

		slot_bounds(slot, &low, &high);
		assert_int_equal(low, before);
		assert_true(low < high);
		before = high;
		assert_int_equal(slot_of(low), slot);
		assert_int_equal(slot_of(low + (high - low) / 2), slot);
		assert_int_equal(slot_of(high - 1), slot);
		if (slot == LAST_SLOT)
			break;
		assert_int_equal(slot_of(high), slot + 1);
		assert_true(low < 32 ? high == low + 1 : (high - low) * 16 <= low);
		/* no slot straddles a power of two */
		assert_int_equal(log2_floor(low), log2_floor(high - 1));
	}
	assert_int_equal(before, UINT64_MAX);
	assert_int_equal(slot_of(UINT64_MAX), LAST_SLOT);
}

static void test_every_value(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 1 << 20; value++) {
		uint32_t slot = slot_of(value), next = slot_of(value + 1);
		uint64_t low, high;

		assert_int_equal(slot, slot_defined(value));
		assert_true(next == slot || next == slot + 1);
		slot_bounds(slot, &low, &high);
		assert_true(low <= value && value < high);
	}
}

static void test_every_power(void **state)
{
	(void)state;
	for (unsigned int power = 0; power < 64; power++) {
		/* every boundary of the octave, and beyond the last octave with slots of its own just as well */
		for (uint64_t part = 0; part < 16; part++) {
			uint64_t boundary = (1ULL << power) + (uint64_t)(((unsigned __int128)part << power) / 16);
			uint32_t previous = slot_of(boundary - 5 < boundary ? boundary - 5 : 0);

			for (uint64_t value = boundary - 4 < boundary ? boundary - 4 : 0;
			     value >= boundary - 4 && value < boundary + 5; value++) {
				assert_int_equal(slot_of(value), slot_defined(value));
				assert_true(slot_of(value) == previous || slot_of(value) == previous + 1);
				previous = slot_of(value);
			}
		}
	}
	assert_int_equal(slot_of((1ULL << SLOT_VALUE_BITS) - 1), LAST_SLOT);
	assert_int_equal(slot_of(1ULL << SLOT_VALUE_BITS), LAST_SLOT);
}

static void test_random_values(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 2000000; i++) {
		uint64_t value = text_random(&seed) >> text_random(&seed) % 64;

		assert_int_equal(slot_of(value), slot_defined(value));
	}
}

/* ---- microseconds ---- */

static void test_bounds_in_us(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(ticks); t++) {
		uint64_t before = 0;

		for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
			uint64_t low, high, middle;

			slot_bounds_us(ticks[t], slot, &low, &high);
			assert_int_equal(low, before);
			assert_true(low < high);
			before = high;
			assert_int_equal(slot_of(sample_ticks(ticks[t], low)), slot);
			if (slot == LAST_SLOT)
				break;
			assert_int_equal(slot_of(sample_ticks(ticks[t], high - 1)), slot);
			assert_int_equal(slot_of(sample_ticks(ticks[t], high)), slot + 1);
			/* what struct histogram_stats promises */
			middle = low + (high - 1 - low) / 2;
			assert_true((middle - low) * 32 <= low);
			assert_true((high - 1 - middle) * 32 <= high - 1);
			assert_true((high - 1 - low) * 16 <= low);
		}
		assert_int_equal(before, UINT64_MAX);
	}
}

static void test_every_us(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(ticks); t++) {
		for (uint64_t us = 0; us < 1 << 20; us++) {
			uint64_t low, high;

			slot_bounds_us(ticks[t], slot_of(sample_ticks(ticks[t], us)), &low, &high);
			assert_true(low <= us && us < high);
		}
	}
	assert_int_equal(tick_to_us(TICK_US, 1 << SLOT_VALUE_BITS), 1 << SLOT_VALUE_BITS);
	assert_int_equal(tick_to_us(TICK_MS1024, 1 << SLOT_VALUE_BITS), 262144000);
	assert_int_equal(tick_to_us(TICK_MS1024, 1024), 1000);
	assert_int_equal(tick_to_us(TICK_MS1024, 1025), 1001);
	assert_int_equal(tick_to_us(TICK_MS1024, 1), 1);
	assert_int_equal(tick_to_us(TICK_MS1024, 0), 0);
}

/* ---- log2 ---- */

/* Where each slot is folded to. */
static void fold_table(enum tick tick, unsigned int table[SLOT_COUNT])
{
	for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
		struct histogram histogram = {};
		uint64_t log2[LOG2_COUNT], found = 0;

		histogram.slots[slot] = 1;
		memset(log2, 0xff, sizeof(log2));
		histogram_fold_log2(&histogram, tick, log2);
		for (unsigned int i = 0; i < LOG2_COUNT; i++) {
			found += log2[i];
			if (log2[i])
				table[slot] = i;
		}
		assert_int_equal(found, 1);
	}
}

/* For every value near every millisecond, and every value of the first four seconds. */
static void test_fold_ms(void **state)
{
	unsigned int table[SLOT_COUNT];

	(void)state;
	fold_table(TICK_MS1024, table);
	for (uint64_t ms = 1; ms < 262144; ms++) {
		for (uint64_t us = ms * 1000 - 3; us <= ms * 1000 + 3; us++)
			assert_int_equal(table[slot_of(sample_ticks(TICK_MS1024, us))], log2_floor(us / 1000));
	}
	for (uint64_t us = 0; us < 4000000; us++)
		assert_int_equal(table[slot_of(sample_ticks(TICK_MS1024, us))], log2_floor(us / 1000));
	assert_int_equal(table[LAST_SLOT], 17);
}

static void test_fold_us(void **state)
{
	unsigned int table[SLOT_COUNT];

	(void)state;
	fold_table(TICK_US, table);
	for (uint64_t us = 0; us < 1 << 20; us++)
		assert_int_equal(table[slot_of(us)], log2_floor(us));
	for (unsigned int power = 0; power < SLOT_VALUE_BITS; power++) {
		assert_int_equal(table[slot_of(1ULL << power)], power);
		assert_int_equal(table[slot_of((2ULL << power) - 1)], power);
	}
	assert_int_equal(table[slot_of(UINT64_MAX)], 27);
}

/* The peers' kernel side counts the same as our histogram, folded. */
static void test_fold_is_direct(void **state)
{
	uint64_t seed = 2;

	(void)state;
	for (size_t t = 0; t < COUNT(ticks); t++) {
		struct histogram histogram = {};
		uint64_t direct[LOG2_COUNT] = {}, folded[LOG2_COUNT];

		for (int i = 0; i < 3000000; i++) {
			uint64_t us = (text_random(&seed) & 0xfffffff) >> text_random(&seed) % 28;

			if (ticks[t] == TICK_MS1024 && us >= 262144000)
				continue;
			put(&histogram, ticks[t], us);
			direct[log2_floor(ticks[t] == TICK_MS1024 ? us / 1000 : us)]++;
		}
		histogram_fold_log2(&histogram, ticks[t], folded);
		assert_memory_equal(direct, folded, sizeof(direct));
	}
}

/* ---- readings ---- */

static void test_difference(void **state)
{
	struct histogram now = {}, before, interval = {}, all = {}, difference;
	uint64_t seed = 4;

	(void)state;
	for (int i = 0; i < 1000; i++)
		put(&now, TICK_US, text_random(&seed) >> text_random(&seed) % 64);
	all = before = now;
	for (int i = 0; i < 1000; i++) {
		uint64_t us = text_random(&seed) >> text_random(&seed) % 64;

		put(&now, TICK_US, us);
		put(&interval, TICK_US, us);
	}
	histogram_subtract(&now, &before, &difference);
	assert_memory_equal(&difference, &interval, sizeof(interval));
	histogram_add(&all, &difference);
	assert_memory_equal(&all, &now, sizeof(now));

	difference = now;
	histogram_subtract(&difference, &before, &difference);
	assert_memory_equal(&difference, &interval, sizeof(interval));
	difference = before;
	histogram_subtract(&now, &difference, &difference);
	assert_memory_equal(&difference, &interval, sizeof(interval));
	histogram_subtract(&now, &now, &difference);
	assert_int_equal(histogram_count(&difference), 0);
	assert_int_equal(difference.sum_us, 0);
	assert_int_equal(difference.mdev_sum, 0);
}

static void test_wrapped_difference(void **state)
{
	struct histogram before = {UINT64_MAX - 1, UINT64_MAX, {UINT64_MAX}}, now = {3, 4, {5}}, difference;

	(void)state;
	histogram_subtract(&now, &before, &difference);
	assert_int_equal(difference.sum_us, 5);
	assert_int_equal(difference.mdev_sum, 5);
	assert_int_equal(difference.slots[0], 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_boundary),
		cmocka_unit_test(test_every_value),
		cmocka_unit_test(test_every_power),
		cmocka_unit_test(test_random_values),
		cmocka_unit_test(test_bounds_in_us),
		cmocka_unit_test(test_every_us),
		cmocka_unit_test(test_fold_ms),
		cmocka_unit_test(test_fold_us),
		cmocka_unit_test(test_fold_is_direct),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_wrapped_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
