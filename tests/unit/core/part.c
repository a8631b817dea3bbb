/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parts of connections: each counter's parts add up to the whole; the table through growth, removal and walks. */
#include "core/part.h"

#include "text.h"

#include <string.h>

/* All counters and times that a part has since the last record. */
#define COUNTERS_OF_LIFE(X) X(rtt_sum_us) X(rtt_samples) X(zero_windows)
#define COUNTERS(X)                                                                                                    \
	X(bytes_sent)                                                                                                  \
	X(bytes_acked)                                                                                                 \
	X(bytes_received)                                                                                              \
	X(bytes_retrans)                                                                                               \
	X(segs_out)                                                                                                    \
	X(segs_in)                                                                                                     \
	X(retransmits)                                                                                                 \
	X(lost)                                                                                                        \
	X(dsack_dups)                                                                                                  \
	X(reord_seen)                                                                                                  \
	X(delivered)                                                                                                   \
	X(delivered_ce)                                                                                                \
	X(rto_count)                                                                                                   \
	X(rto_recoveries)                                                                                              \
	X(rto_ms)

/* Adds the counters of `change`. */
static void add(struct connection *sum, const struct connection *change)
{
#define ADD(field)         sum->field += change->field;
#define ADD_OF_LIFE(field) ADD(life.field)
	COUNTERS(ADD)
	COUNTERS_OF_LIFE(ADD_OF_LIFE)
	for (size_t i = 0; i < CONNECTION_STATES; i++)
		ADD(life.in_state_ns[i])
	for (size_t i = 0; i < CHRONOS; i++)
		ADD(chrono_ns[i])
}

static void check_sum(const struct connection *sum, const struct connection *whole)
{
#define CHECK(field)         assert_int_equal(sum->field, whole->field);
#define CHECK_OF_LIFE(field) CHECK(life.field)
	COUNTERS(CHECK)
	COUNTERS_OF_LIFE(CHECK_OF_LIFE)
	for (size_t i = 0; i < CONNECTION_STATES; i++)
		CHECK(life.in_state_ns[i])
	for (size_t i = 0; i < CHRONOS; i++)
		CHECK(chrono_ns[i])
}

/* Sets everything but the counters to that of `from`. */
static void copy_rest(struct connection *to, const struct connection *from)
{
	struct connection copy = *from;

#define KEEP(field)         copy.field = to->field;
#define KEEP_OF_LIFE(field) KEEP(life.field)
	COUNTERS(KEEP)
	COUNTERS_OF_LIFE(KEEP_OF_LIFE)
	memcpy(copy.life.in_state_ns, to->life.in_state_ns, sizeof(copy.life.in_state_ns));
	memcpy(copy.chrono_ns, to->chrono_ns, sizeof(copy.chrono_ns));
	*to = copy;
}

/* Mostly nothing, sometimes much. */
static uint64_t some(uint64_t *random, unsigned int bits)
{
	uint64_t kind = text_random(random) % 4;

	return kind < 2 ? 0 : text_random(random) >> (64 - (kind == 2 ? 4 : bits));
}

/* The connection goes on: what the kernel counts grows, and all else changes. */
static void go_on(struct connection *connection, uint64_t *random)
{
	struct connection before = *connection;

#define GROW(field)         connection->field += some(random, 8 * sizeof(connection->field) - 12);
#define GROW_OF_LIFE(field) GROW(life.field)
	COUNTERS(GROW)
	COUNTERS_OF_LIFE(GROW_OF_LIFE)
	for (size_t i = 0; i < CONNECTION_STATES; i++)
		GROW(life.in_state_ns[i])
	for (size_t i = 0; i < CHRONOS; i++)
		GROW(chrono_ns[i])
	connection->end.time_ns = before.end.time_ns + 1 + some(random, 40);
	connection->end.newstate = text_random(random) % CONNECTION_STATES;
	connection->srtt_us = (uint32_t)text_random(random);
	connection->cwnd = (uint32_t)text_random(random);
	connection->recv_queue = (uint32_t)text_random(random);
}

static struct connection made(uint64_t cookie, uint32_t conn_seq)
{
	struct connection connection = {
		.end = {.cookie = cookie, .conn_seq = conn_seq, .time_ns = 1000},
		.life = {.start_ns = 900, .role = ROLE_CLIENT, .syn_retrans = 2},
		.congestion = "cubic",
	};

	return connection;
}

/* Everything but the counters is as at the end of the part. */
static void check_rest(const struct part *part, const struct connection *now, bool is_first)
{
	struct connection expected = part->change;

	copy_rest(&expected, now);
	if (!is_first)
		expected.life.syn_retrans = SYN_RETRANS_NONE;
	assert_memory_equal(&part->change, &expected, sizeof(expected));
}

static void test_first(void **state)
{
	struct connection now = made(1, 0);
	uint64_t random = 1;
	struct part part;

	(void)state;
	go_on(&now, &random);
	part_between(NULL, &now, &part);
	assert_memory_equal(&part.change, &now, sizeof(now));
	assert_int_equal(part.from_ns, 0);
}

/* Each counter alone. */
static void test_between(void **state)
{
	struct connection before = made(1, 0), now = before;
	struct part part;

	(void)state;
	now.end.time_ns = 3000;
#define CHECK_ALONE(field)                                                                                             \
	before.field = 100;                                                                                            \
	now.field = 107;                                                                                               \
	part_between(&before, &now, &part);                                                                            \
	assert_int_equal(part.change.field, 7);                                                                        \
	part.change.field = 0;                                                                                         \
	check_sum(&part.change, &(struct connection){});                                                               \
	before.field = now.field = 0;
#define CHECK_ALONE_OF_LIFE(field) CHECK_ALONE(life.field)
	COUNTERS(CHECK_ALONE)
	COUNTERS_OF_LIFE(CHECK_ALONE_OF_LIFE)
	for (size_t i = 0; i < CONNECTION_STATES; i++) {
		CHECK_ALONE(life.in_state_ns[i])
	}
	for (size_t i = 0; i < CHRONOS; i++) {
		CHECK_ALONE(chrono_ns[i])
	}
	assert_int_equal(part.from_ns, 1000);
	assert_int_equal(part.change.end.time_ns, 3000);
}

/* Some kernels set a counter back. */
static void test_fallen(void **state)
{
	struct connection before = made(1, 0), now = before;
	struct part part;

	(void)state;
	before.bytes_sent = UINT64_MAX;
	before.segs_in = UINT32_MAX - 1;
	before.rto_ms = 5;
	part_between(&before, &now, &part);
	check_sum(&part.change, &(struct connection){});
}

static void test_rto_unknown(void **state)
{
	struct connection before = made(1, 0), now;
	struct part part;

	(void)state;
	before.rto_count = before.rto_recoveries = before.rto_ms = RTO_UNKNOWN;
	now = before;
	part_between(&before, &now, &part);
	assert_int_equal(part.change.rto_count, RTO_UNKNOWN);
	assert_int_equal(part.change.rto_recoveries, RTO_UNKNOWN);
	assert_int_equal(part.change.rto_ms, RTO_UNKNOWN);
}

/* One part has it: the first that knows it. While a SYN waits for its answer, the number is not known yet. */
static void test_syn_retrans(void **state)
{
	struct connection now = made(1, 0);
	struct part_table table = {};
	struct part part;

	(void)state;
	now.life.syn_retrans = SYN_RETRANS_NONE;
	assert_int_equal(part_take(&table, &now, &part), 0);
	assert_int_equal(part.change.life.syn_retrans, SYN_RETRANS_NONE);
	now.life.syn_retrans = 3;
	assert_int_equal(part_take(&table, &now, &part), 0);
	assert_int_equal(part.change.life.syn_retrans, 3);
	assert_int_equal(part_take(&table, &now, &part), 0);
	assert_int_equal(part.change.life.syn_retrans, SYN_RETRANS_NONE);
	assert_true(part_take_last(&table, &now, &part));
	assert_int_equal(part.change.life.syn_retrans, SYN_RETRANS_NONE);
	part_table_close(&table);
}

/* The kernel takes back the time of a timeout when the next one begins: no part has it twice. */
static void test_time_taken_back(void **state)
{
	static const uint32_t times[] = {200, 900, 100, 1000, 1400};
	struct connection now = {.end.cookie = 1};
	struct part_table table = {};
	uint32_t sum = 0;
	struct part part;

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		now.rto_ms = times[i];
		assert_int_equal(part_take(&table, &now, &part), 0);
		sum += part.change.rto_ms;
	}
	assert_int_equal(sum, now.rto_ms);
	part_table_close(&table);
}

#define CONNECTIONS 300

/* Connections that go on, are looked at and end, in any order: the parts of each add up to it at every moment. */
static void test_sums(void **state)
{
	static struct connection now[CONNECTIONS], sum[CONNECTIONS];
	unsigned int parts[CONNECTIONS] = {}, known = 0, cookie = 0;
	struct part_table table = {};
	uint64_t random = 7;

	(void)state;
	for (unsigned int step = 0; step < 100000; step++) {
		size_t i = text_random(&random) % CONNECTIONS;
		bool ends = text_random(&random) % 16 == 0;
		struct part part;

		if (!parts[i]) {
			now[i] = made(cookie / 2, cookie % 2);
			sum[i] = (struct connection){};
			cookie++;
		}
		go_on(&now[i], &random);
		if (ends)
			assert_int_equal(part_take_last(&table, &now[i], &part), parts[i] > 0);
		else
			assert_int_equal(part_take(&table, &now[i], &part), 0);
		assert_int_equal(part.from_ns, sum[i].end.time_ns);
		check_rest(&part, &now[i], !parts[i]);
		add(&sum[i], &part.change);
		check_sum(&sum[i], &now[i]);
		sum[i].end.time_ns = now[i].end.time_ns;
		known += !ends && !parts[i];
		known -= ends && parts[i];
		parts[i] = ends ? 0 : parts[i] + 1;
		assert_int_equal(table.count, known);
	}
	assert_true(known > CONNECTIONS / 2);
	part_table_close(&table);
	assert_null(table.entries);
}

/* A socket that begins another connection keeps its cookie. */
static void test_another_connection(void **state)
{
	struct connection first = made(5, 0), second = made(5, 1);
	struct part_table table = {};
	struct part part;

	(void)state;
	first.bytes_sent = 10;
	second.bytes_sent = 30;
	assert_int_equal(part_take(&table, &first, &part), 0);
	assert_int_equal(part_take(&table, &second, &part), 0);
	assert_int_equal(part.change.bytes_sent, 30);
	first.bytes_sent = 11;
	assert_true(part_take_last(&table, &first, &part));
	assert_int_equal(part.change.bytes_sent, 1);
	assert_false(part_take_last(&table, &first, &part));
	assert_int_equal(table.count, 1);
	part_table_close(&table);
}

#define MANY 50000

static void walk(struct part_table *table, unsigned int every)
{
	struct part part;

	part_walk_begin(table);
	for (unsigned int i = 0; i < MANY; i += every) {
		struct connection now = made(i, 0);

		assert_int_equal(part_take(table, &now, &part), 0);
	}
	part_walk_end(table);
}

/* A connection that two walks in a row have not found is forgotten, and no other. */
static void test_walks(void **state)
{
	struct part_table table = {};

	(void)state;
	walk(&table, 1);
	assert_int_equal(table.count, MANY);
	walk(&table, 2);
	assert_int_equal(table.count, MANY);
	walk(&table, 5); /* of the odd numbers, those that 5 divides are found again, and the others forgotten */
	assert_int_equal(table.count, MANY / 2 + MANY / 10);
	walk(&table, 2);
	assert_int_equal(table.count, MANY / 2 + MANY / 10);
	for (unsigned int i = 0; i < MANY; i++) {
		struct connection now = made(i, 0);
		struct part part;

		assert_int_equal(part_take_last(&table, &now, &part), i % 2 == 0 || i % 5 == 0);
	}
	assert_int_equal(table.count, 0);
	walk(&table, 1);
	assert_int_equal(table.count, MANY);
	part_table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),           cmocka_unit_test(test_between),
		cmocka_unit_test(test_fallen),          cmocka_unit_test(test_rto_unknown),
		cmocka_unit_test(test_syn_retrans),     cmocka_unit_test(test_sums),
		cmocka_unit_test(test_time_taken_back), cmocka_unit_test(test_another_connection),
		cmocka_unit_test(test_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
