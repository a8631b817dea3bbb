/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON of transitions against tests/golden and the schema, with random names and records. */
#include "output/json.h"

#include "core/append.h"
#include "core/zone.h"
#include "records.h"

static void test_golden(void **state)
{
	struct strbuf sb = text_new(1 << 16);

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++)
		json_transition(&sb, &records[i], &records_base);
	golden_check("transitions.json", &sb);
}

/* The example of DESIGN.md, section 1, byte by byte. */
static void test_schema(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	(void)state;
	json_transition(&sb, &records[0], &records_base);
	text_check(&sb,
		   "{\"v\":1,\"type\":\"transition\",\"time\":\"2026-11-22T12:31:49.123456Z\",\"cookie\":4711,"
		   "\"conn_seq\":0,"
		   "\"skaddr\":\"ffff888102a1e5c0\",\"pid\":2607,\"comm\":\"curl\",\"owner\":\"connect\",\"uid\":1000,"
		   "\"netns\":4026531840,\"cgroup_id\":1,\"family\":4,\"laddr\":\"127.0.0.1\",\"lport\":55106,"
		   "\"raddr\":\"127.0.0.1\",\"rport\":80,\"oldstate\":\"SYN_SENT\",\"newstate\":\"ESTABLISHED\","
		   "\"duration_us\":1373.000,\"syn_retrans\":2,\"cause\":null}\n");
}

/* Only where it was within the duration; before the suspend it was another time than after it. */
static void test_suspended(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct transition event = records[0];

	(void)state;
	event.duration_ns = 123456789 - 100000000;
	json_transition(&sb, &event, &records_suspended);
	assert_false(text_has(&sb, "suspended_us"));
	assert_true(text_has(&sb, "\"time\":\"2026-11-22T13:31:49.123456Z\""));
	sb.length = 0;
	event.duration_ns++;
	json_transition(&sb, &event, &records_suspended);
	assert_true(text_has(&sb, ",\"duration_us\":23456.790,\"suspended_us\":3600000000.000,\"syn_retrans\":2"));
	sb.length = 0;
	event.flags = TRANSITION_AT_LEAST;
	json_transition(&sb, &event, &records_suspended);
	assert_true(text_has(&sb, ",\"at_least_us\":23456.790,\"suspended_us\":3600000000.000,"));
	sb.length = 0;
	event.duration_ns = DURATION_UNKNOWN;
	json_transition(&sb, &event, &records_suspended);
	assert_false(text_has(&sb, "suspended_us"));
	sb.length = 0;
	event.time_ns = 1099999999;
	event.duration_ns = 1000000000;
	json_transition(&sb, &event, &records_suspended);
	assert_false(text_has(&sb, "suspended_us"));
	assert_true(text_has(&sb, "\"time\":\"2026-11-22T12:31:49.099999Z\""));
	free(sb.data);
}

/* Of another pid namespace than the tool shows. */
static void test_pid_outside(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);
	struct transition event = records[0];

	(void)state;
	event.owner.pid = OWNER_PID_OUTSIDE | 4711;
	json_transition(&sb, &event, &records_base);
	assert_true(text_has(&sb, ",\"pid\":null,\"pid_host\":4711,\"comm\":\"curl\",\"owner\":\"connect\","));
	free(sb.data);
}

/* RFC 3629, table 3-7 of the Unicode standard: written apart from the decoder under test. */
static bool is_utf8(const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + length;

	while (s < end) {
		unsigned int low = 0x80, high = 0xbf;
		int more;

		if (*s < 0x80)
			more = 0;
		else if (*s >= 0xc2 && *s <= 0xdf)
			more = 1;
		else if (*s >= 0xe0 && *s <= 0xef)
			more = 2;
		else if (*s >= 0xf0 && *s <= 0xf4)
			more = 3;
		else
			return false;
		if (*s == 0xe0)
			low = 0xa0;
		if (*s == 0xed)
			high = 0x9f;
		if (*s == 0xf0)
			low = 0x90;
		if (*s == 0xf4)
			high = 0x8f;
		for (s++; more > 0; more--, s++) {
			if (s >= end || *s < low || *s > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}

static size_t string_length(const char *text)
{
	size_t i = 1;

	if (*text != '"')
		return 0;
	for (; text[i] != '"'; i++) {
		if ((unsigned char)text[i] < 0x20)
			return 0;
		if (text[i] != '\\')
			continue;
		i++;
		if (text[i] == 'u') {
			if (strspn(text + i + 1, "0123456789abcdefABCDEF") < 4)
				return 0;
			i += 4;
		} else if (!strchr("\"\\/bfnrt", text[i])) {
			return 0;
		}
	}
	return i + 1;
}

static size_t value_length(const char *text)
{
	size_t digits;

	if (strncmp(text, "null", 4) == 0)
		return 4;
	if (*text == '"')
		return string_length(text);
	digits = strspn(text, "0123456789");
	if (digits > 1 && *text == '0')
		return 0;
	if (digits > 0 && text[digits] == '.') {
		size_t fraction = strspn(text + digits + 1, "0123456789");

		return fraction ? digits + 1 + fraction : 0;
	}
	return digits;
}

/* A flat object of strings, numbers and null, and a newline; `text` ends in a NUL. Returns the number of members. */
static size_t count_members(const char *text)
{
	size_t members = 0, length;

	if (*text != '{')
		return 0;
	do {
		text++;
		length = string_length(text);
		if (!length || text[length] != ':')
			return 0;
		text += length + 1;
		length = value_length(text);
		if (!length)
			return 0;
		text += length;
		members++;
	} while (*text == ',');
	return strcmp(text, "}\n") == 0 ? members : 0;
}

static size_t interface_members(const struct transition *event)
{
	if (event->ifindex)
		return 1;
	return zone_applies(event->ip_version, event->laddr) || zone_applies(event->ip_version, event->raddr) ? 2 : 0;
}

static bool is_outside(const struct owner *owner)
{
	return owner->source != OWNER_UNKNOWN && owner->pid & OWNER_PID_OUTSIDE;
}

static void check_object(const struct transition *event, const struct timebase *base)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX + 1);

	sb.capacity--;
	json_transition(&sb, event, base);
	assert_false(sb.overflow);
	assert_true(sb.length + APPEND_SLACK <= ROW_TEXT_MAX);
	sb.data[sb.length] = '\0';
	assert_int_equal(strlen(sb.data), sb.length);
	assert_int_equal(count_members(sb.data), 21 + interface_members(event) + (event->mptcp_token ? 1 : 0) +
							 is_outside(&event->owner) +
							 (event->flags & TRANSITION_AT_LEAST ? 1 : 0) +
							 (event->syn_retrans != SYN_RETRANS_NONE ? 1 : 0));
	assert_true(is_utf8(sb.data, sb.length));
	assert_ptr_equal(strchr(sb.data, '\n'), sb.data + sb.length - 1);
	assert_null(strchr(sb.data, 0x7f));
	free(sb.data);
}

static void test_random_names(void **state)
{
	/* leads, continuations and what is special in JSON: more of what matters than chance would give */
	static const char few[] = "\"\\\x01\x1f\x7f/u\xc2\x80\xe2\x80\xae\xed\xa0\xf0\x9f\x98\xf4\x90\xbf\xff";
	uint64_t seed = 12;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct transition event = records[i % COUNT(records)];

		if (event.owner.source == OWNER_UNKNOWN)
			event.owner.source = OWNER_SEED;
		for (int byte = 0; byte < OWNER_COMM_LEN; byte++) {
			uint64_t value = text_random(&seed);

			event.owner.comm[byte] = i % 2 ? (char)value : few[value % sizeof(few)];
		}
		check_object(&event, &records_base);
	}
}

/* Any bytes at all in the record, as if the kernel had gone mad. */
static void test_random_records(void **state)
{
	uint64_t seed = 13;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct transition event;
		static struct timebase base;

		base.clocks.newest.realtime_offset_ns = (int64_t)text_random(&seed);
		base.clocks.newest.utc_offset_s = (int32_t)text_random(&seed);
		base.first_ns = text_random(&seed);
		for (size_t byte = 0; byte < sizeof(event); byte++)
			((unsigned char *)&event)[byte] = text_random(&seed);
		if (i % 2)
			event.owner.source %= OWNER_SOURCES;
		check_object(&event, &base);
	}
}

static void check_longest(const struct transition *event)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	json_transition(&sb, event, &records_longest_suspended);
	assert_true(text_has(&sb, "\"suspended_us\":9223372036854775.807"));
	assert_true(!sb.overflow && sb.length + APPEND_SLACK <= ROW_TEXT_MAX);
	free(sb.data);
}

static void test_longest(void **state)
{
	(void)state;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct transition event = records_longest(variant);

		check_object(&event, &(struct timebase){});
		check_longest(&event);
	}
}

/* A line that may not fit is dropped whole, and that is remembered. */
static void test_no_room(void **state)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX - 1);

	(void)state;
	json_transition(&sb, &records[0], &records_base);
	assert_true(sb.overflow);
	assert_int_equal(sb.length, 0);
	free(sb.data);
}

#define NAME(text)                                                                                                     \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}

static void check_names(const struct names *names, const char *expected)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX);

	strbuf_append_literal(&sb, "{\"v\":1}\n");
	json_add_names(&sb, names);
	text_check(&sb, expected);
}

static void test_names(void **state)
{
	struct names names = {
		.asked = NAMES_CGROUP | NAMES_NETNS,
		.cgroup = NAME("/system.slice/\"a\"\n\xff.service"),
		.unit = NAME("\"a\"\n\xff.service"),
		.netns = NAME("blue"),
		.lservice = NAME("http"),
	};

	(void)state;
	check_names(&names,
		    "{\"v\":1,\"cgroup\":\"/system.slice/\\\"a\\\"\\n\xef\xbf\xbd.service\",\"unit\":\"\\\"a\\\"\\n"
		    "\xef\xbf\xbd.service\",\"systemd_unit\":\"\\\"a\\\"\\n\xef\xbf\xbd.service\",\"container\":null,"
		    "\"pod\":null,\"netns_name\":\"blue\"}\n");
	names.asked = NAMES_SERVICES;
	check_names(&names, "{\"v\":1,\"lservice\":\"http\",\"rservice\":null}\n");
	names.asked = 0;
	check_names(&names, "{\"v\":1}\n");
	/* nobody asks for a zone */
	names.zone = (struct name)NAME("a\"b");
	check_names(&names, "{\"v\":1,\"zone\":\"a\\\"b\"}\n");
}

static void check_interface(const struct transition *event, const char *expected)
{
	struct strbuf sb = text_new(ROW_TEXT_MAX + 1);

	sb.capacity--;
	json_transition(&sb, event, &records_base);
	sb.data[sb.length] = '\0';
	if (!strstr(sb.data, expected))
		fail_msg("no %s in %s", expected, sb.data);
	free(sb.data);
}

/* A socket that is bound to an interface says so; the zone of an address is not in the address. */
static void test_interface(void **state)
{
	struct transition event = records[3];

	(void)state;
	event.ifindex = 4294967295;
	check_interface(&event,
			"\"raddr\":\"fe80:1234:ffff:ffff:ffff:ffff:ffff:ffff\",\"rport\":65535,\"ifindex\":4294967295,"
			"\"oldstate\"");
	event.ifindex = 0;
	check_interface(&event, "\"rport\":65535,\"ifindex\":null,\"zone\":null,\"oldstate\"");
	event = records[0];
	check_interface(&event, "\"rport\":80,\"oldstate\"");
	event.ifindex = 7;
	check_interface(&event, "\"rport\":80,\"ifindex\":7,\"oldstate\"");
	event.mptcp_token = 0x0a1b2c3d;
	check_interface(&event, "\"rport\":80,\"ifindex\":7,\"mptcp_token\":\"0a1b2c3d\",\"oldstate\"");
}

static void test_longest_names(void **state)
{
	struct transition event = records_longest(0);
	char room[4096];

	(void)state;
	for (unsigned int i = 0; i < RECORDS_LONGEST_NAMES; i++) {
		struct names names = records_longest_names(room, i);
		struct strbuf sb = text_new(ROW_TEXT_MAX + ROW_NAMES_MAX);

		json_transition(&sb, &event, &records_base);
		json_add_names(&sb, &names);
		assert_false(sb.overflow);
		strbuf_append_char(&sb, '\0');
		assert_false(sb.overflow);
		assert_true(count_members(sb.data) >= 21 + 7);
		assert_true(is_utf8(sb.data, sb.length - 1));
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),         cmocka_unit_test(test_schema),
		cmocka_unit_test(test_suspended),      cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_random_records), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_names),          cmocka_unit_test(test_longest_names),
		cmocka_unit_test(test_no_room),        cmocka_unit_test(test_interface),
		cmocka_unit_test(test_pid_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
