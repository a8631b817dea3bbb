/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* States of --stuck, and the least time that an older connection has been in its state. */
#include "core/stuck.h"

#include "abi/stuck.h"
#include "abi/tcp_state.h"

#include "text.h"

#include <errno.h>
#include <string.h>

#define MS 1000000ULL
#define S  1000000000ULL

static void check_states(const char *text, uint16_t expected)
{
	uint16_t states = 1; /* is kept */
	struct parse_error error;

	assert_int_equal(stuck_parse_states(text, &states, &error), 0);
	assert_int_equal(states, expected | 1);
}

static void test_states(void **state)
{
	(void)state;
	check_states("CLOSE_WAIT", 1 << STATE_CLOSE_WAIT);
	check_states("close_wait,Fin_Wait1", 1 << STATE_CLOSE_WAIT | 1 << STATE_FIN_WAIT1);
	check_states("CLOSING,CLOSING", 1 << STATE_CLOSING);
	check_states("SYN_SENT,ESTABLISHED,FIN_WAIT2,LAST_ACK",
		     1 << STATE_SYN_SENT | 1 << STATE_ESTABLISHED | 1 << STATE_FIN_WAIT2 | 1 << STATE_LAST_ACK);
}

static void refuse(const char *text, const char *word, const char *why)
{
	struct parse_error error;
	uint16_t states = 5;

	assert_int_equal(stuck_parse_states(text, &states, &error), -EINVAL);
	assert_int_equal(states, 5);
	assert_non_null(strstr(error.text, word));
	assert_non_null(strstr(error.text, why));
}

static void test_wrong_states(void **state)
{
	(void)state;
	refuse("", "\"\"", "not one of SYN_SENT");
	refuse("CLOSE_WAIT,", "\"\"", "not one of");
	refuse("CLOSE_WAI", "\"CLOSE_WAI\"", "not one of");
	refuse("!CLOSE_WAIT", "\"!CLOSE_WAIT\"", "not one of");
	refuse("CLOSE_WAIT LAST_ACK", "\"CLOSE_WAIT LAST_ACK\"", "LAST_ACK");
	refuse("CLOSE_WAIT,TIME_WAIT", "\"TIME_WAIT\"", "ss -tan state time-wait");
	refuse("syn_recv", "\"syn_recv\"", "ss -tan state syn-recv");
	refuse("LISTEN", "\"LISTEN\"", "ss -tln");
	refuse("CLOSE", "\"CLOSE\"", "a socket without a connection");
}

/* A day after boot; found a second ago. */
static uint64_t least(__u8 tcp_state, __u64 mstamp_ago_ns, __u64 syn_ago_ns)
{
	const __u64 now = 86400 * S + 123456789;
	struct stuck_clocks clocks = {.time_ns = now, .found_ns = now - S, .state = tcp_state};

	if (mstamp_ago_ns)
		clocks.mstamp_us = (now - mstamp_ago_ns) / 1000;
	if (syn_ago_ns)
		clocks.syn_ms = (__u32)((now - syn_ago_ns) / MS);
	return stuck_least_ns(&clocks);
}

/* Never more than the truth: the slack is off, and what was rounded down. */
static void test_bound_by_segment(void **state)
{
	static const __u8 by_segment[] = {STATE_ESTABLISHED, STATE_FIN_WAIT2, STATE_CLOSE_WAIT, STATE_CLOSING};
	static const __u8 by_call[] = {STATE_FIN_WAIT1, STATE_LAST_ACK, STATE_SYN_SENT};

	(void)state;
	for (size_t i = 0; i < COUNT(by_segment); i++) {
		uint64_t age_ns = least(by_segment[i], 3600 * S, 7200 * S);

		assert_in_range(age_ns, 3600 * S - STUCK_SLACK_NS, 3600 * S - STUCK_SLACK_NS + 1000);
		/* the tool has watched it for longer than that */
		assert_int_equal(least(by_segment[i], S + STUCK_SLACK_NS / 2, 0), S);
		assert_int_equal(least(by_segment[i], STUCK_SLACK_NS / 2, 0), S);
		assert_int_equal(least(by_segment[i], 0, 0), S);
	}
	for (size_t i = 0; i < COUNT(by_call); i++)
		assert_int_equal(least(by_call[i], 3600 * S, 0), S);
}

static void test_bound_by_syn(void **state)
{
	uint64_t age_ns = least(STATE_SYN_SENT, 3600 * S, 60 * S);

	(void)state;
	assert_in_range(age_ns, 60 * S - 2 * MS, 60 * S);
	assert_int_equal(least(STATE_SYN_SENT, 0, S / 2), S);
	/* from one clock to the next, and after the look began */
	assert_int_equal(least(STATE_SYN_SENT, 0, 1), S);
	assert_int_equal(least(STATE_SYN_SENT, 0, -(5 * MS)), S);
	assert_int_equal(least(STATE_FIN_WAIT1, 0, 60 * S), S);
}

/* 32 bits of milliseconds begin anew after 49 days. */
static void test_syn_clock_wraps(void **state)
{
	const __u64 wrap_ns = (1ULL << 32) * MS;
	struct stuck_clocks clocks = {.time_ns = wrap_ns + 10 * S,
				      .found_ns = wrap_ns + 9 * S,
				      .syn_ms = (__u32)((wrap_ns - 20 * S) / MS),
				      .state = STATE_SYN_SENT};

	(void)state;
	assert_int_equal(stuck_least_ns(&clocks), 30 * S - MS);
}

/* A look that began before the state was found. */
static void test_future(void **state)
{
	struct stuck_clocks clocks = {.time_ns = S, .found_ns = 2 * S, .mstamp_us = 3000000, .state = STATE_CLOSE_WAIT};

	(void)state;
	assert_int_equal(stuck_least_ns(&clocks), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),           cmocka_unit_test(test_wrong_states),
		cmocka_unit_test(test_bound_by_segment), cmocka_unit_test(test_bound_by_syn),
		cmocka_unit_test(test_syn_clock_wraps),  cmocka_unit_test(test_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
