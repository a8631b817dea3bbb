/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first and the last line of a file with JSON Lines. */
#include "output/json_run.h"

#include <stdlib.h>

#include "../../kernel/lib/test.h"

static const struct json_run run = {
	.tool = "tcpstates",
	.version = "1.2.3",
	.hook = "tp_btf",
	.host = "a\"b\n",
	.boot_id = "",
	.kernel = "6.18.0",
	.arguments = "tcpstates\0-o\0js\"on\0",
	.arguments_length = sizeof("tcpstates\0-o\0js\"on"),
	.start_ns = 1700000000123456789,
	.monotonic_ns = 42,
};

static void check(const struct strbuf *out, const char *expected)
{
	assert_int_equal(out->length, strlen(expected));
	assert_memory_equal(out->data, expected, out->length);
}

static void the_first_line(void **state)
{
	char text[2048];
	struct strbuf out = strbuf_over(text, sizeof(text));
	struct json_run unknown = run;

	(void)state;
	json_start(&out, &run);
	check(&out, "{\"v\":1,\"type\":\"start\",\"time\":\"2023-11-14T22:13:20.123456Z\",\"host\":\"a\\\"b\\n\","
		    "\"boot_id\":null,\"run\":1700000000123456,\"monotonic_ns\":42,\"tool\":\"tcpstates\","
		    "\"version\":\"1.2.3\",\"kernel\":\"6.18.0\",\"hook\":\"tp_btf\","
		    "\"arguments\":[\"tcpstates\",\"-o\",\"js\\\"on\"]}\n");
	/* too long, and unknown */
	for (int i = 0; i < 2; i++) {
		out.length = 0;
		unknown.arguments_length = i ? 0 : JSON_ARGUMENTS_MAX + 1;
		json_start(&out, &unknown);
		text[out.length] = '\0';
		assert_non_null(strstr(text, "\"arguments\":null}"));
	}
}

static void the_last_line(void **state)
{
	struct loss_report losses = {
		.delivered = 7, .ring_full = 2, .unwritten = 1, .gaps = 4, .held = 5, .unsampled = 6};
	char text[2048];
	struct strbuf out = strbuf_over(text, sizeof(text));

	(void)state;
	json_end(&out, &run, 1700000001000000000, &losses);
	check(&out, "{\"v\":1,\"type\":\"end\",\"time\":\"2023-11-14T22:13:21.000000Z\",\"host\":\"a\\\"b\\n\","
		    "\"boot_id\":null,\"run\":1700000000123456,\"unit\":\"row\",\"delivered\":7,\"lost\":3,"
		    "\"counters\":{\"ring_full\":2,\"unwritten\":1,\"gaps\":4,\"held\":5,\"unsampled\":6}}\n");
	out.length = 0;
	losses = (struct loss_report){.unit = "sample"};
	json_end(&out, &run, 1700000001000000000, &losses);
	text[out.length] = '\0';
	assert_non_null(strstr(text, "\"unit\":\"sample\",\"delivered\":0,\"lost\":0,\"counters\":{}}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_line), cmocka_unit_test(the_last_line)};

	return cmocka_run_group_tests_name("output/json_run", tests, NULL, NULL);
}
