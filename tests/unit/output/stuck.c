/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of tcpstates --stuck. */
#include "output/stuck.h"

#include "core/append.h"
#include "records.h"

static struct transition connection(void)
{
	struct transition event = records[0];

	event.oldstate = event.newstate = STATE_CLOSE_WAIT;
	event.time_ns = 7201000000000;
	event.duration_ns = 3600000001500;
	event.syn_retrans = SYN_RETRANS_NONE;
	return event;
}

static void test_known(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct transition event = connection();

	(void)state;
	stuck_json(&sb, &event, &records_base);
	text_check(
		&sb,
		"{\"v\":1,\"type\":\"stuck\",\"time\":\"2026-11-22T14:31:49.000000Z\",\"cookie\":4711,\"conn_seq\":0,"
		"\"skaddr\":\"ffff888102a1e5c0\",\"pid\":2607,\"comm\":\"curl\",\"owner\":\"connect\",\"uid\":1000,"
		"\"netns\":4026531840,\"cgroup_id\":1,\"family\":4,\"laddr\":\"127.0.0.1\",\"lport\":55106,"
		"\"raddr\":\"127.0.0.1\",\"rport\":80,\"state\":\"CLOSE_WAIT\","
		"\"since\":\"2026-11-22T13:31:48.999998Z\",\"duration_us\":3600000001.500}\n");
}

static void test_found(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct transition event = connection();

	(void)state;
	event.flags = TRANSITION_AT_LEAST;
	event.owner.source = OWNER_UNKNOWN;
	stuck_json(&sb, &event, &records_base);
	text_check(
		&sb,
		"{\"v\":1,\"type\":\"stuck\",\"time\":\"2026-11-22T14:31:49.000000Z\",\"cookie\":4711,\"conn_seq\":0,"
		"\"skaddr\":\"ffff888102a1e5c0\",\"pid\":null,\"comm\":null,\"owner\":\"unknown\",\"uid\":1000,"
		"\"netns\":4026531840,\"cgroup_id\":null,\"family\":4,\"laddr\":\"127.0.0.1\",\"lport\":55106,"
		"\"raddr\":\"127.0.0.1\",\"rport\":80,\"state\":\"CLOSE_WAIT\","
		"\"since\":null,\"duration_us\":null,\"at_least_us\":3600000001.500}\n");
}

/* The time suspended is no time in the state. */
static void test_suspended(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct transition event = connection();

	(void)state;
	stuck_json(&sb, &event, &records_base);
	assert_false(text_has(&sb, "suspended_us"));
	sb.length = 0;
	event.duration_ns = event.time_ns - 1050000000;
	stuck_json(&sb, &event, &records_suspended);
	assert_true(text_has(&sb, "\"time\":\"2026-11-22T15:31:49.000000Z\""));
	assert_true(text_has(&sb, "\"since\":\"2026-11-22T12:31:49.050000Z\",\"duration_us\":7199950000.000,"
				  "\"suspended_us\":3600000000.000}\n"));
	sb.length = 0;
	event.flags = TRANSITION_AT_LEAST;
	stuck_json(&sb, &event, &records_suspended);
	assert_true(text_has(&sb, "\"at_least_us\":7199950000.000,\"suspended_us\":3600000000.000}\n"));
	free(sb.data);
}

/* With the longest of everything, there is room for it. */
static void test_longest(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		struct transition event = records[i];

		sb.length = 0;
		event.duration_ns = DURATION_UNKNOWN - 1;
		event.flags = TRANSITION_AT_LEAST;
		stuck_json(&sb, &event, &records_base);
		assert_true(sb.length + APPEND_SLACK <= ROW_TEXT_MAX && sb.data[sb.length - 1] == '\n');
		sb.length = 0;
		event.time_ns = UINT64_MAX;
		stuck_json(&sb, &event, &records_longest_suspended);
		assert_true(text_has(&sb, "\"suspended_us\":9223372036854775.807}"));
		assert_true(sb.length + APPEND_SLACK <= ROW_TEXT_MAX && sb.data[sb.length - 1] == '\n');
	}
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
