/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets of ports: lists, ranges, every port, and refused words. */
#include "core/port_set.h"

#include "text.h"

#include <errno.h>

static size_t count(const struct port_set *set)
{
	size_t ports = 0;

	for (unsigned int port = 0; port < 65536; port++)
		ports += port_set_has(set, port);
	return ports;
}

static struct port_set accept(const char *list, size_t ports)
{
	struct parse_error error = {"untouched"};
	struct port_set set = {};

	assert_int_equal(port_set_parse("port", list, &set, &error), 0);
	assert_string_equal(error.text, "untouched");
	assert_int_equal(count(&set), ports);
	assert_false(port_set_has(&set, 0));
	return set;
}

static void refuse(const char *list, const char *message)
{
	struct parse_error error;
	struct port_set set = {{1, 2, 3}}, before = set;

	assert_int_equal(port_set_parse("port", list, &set, &error), -EINVAL);
	assert_memory_equal(&set, &before, sizeof(set));
	assert_string_equal(error.text, message);
}

static void test_good(void **state)
{
	struct port_set set = {};

	(void)state;
	set = accept("80", 1);
	assert_true(port_set_has(&set, 80));
	set = accept("1", 1);
	assert_true(port_set_has(&set, 1));
	set = accept("65535", 1);
	assert_true(port_set_has(&set, 65535));
	accept("1-65535", 65535);
	accept("80-80", 1);
	set = accept("80,443,8000-8999", 1002);
	assert_true(port_set_has(&set, 80) && port_set_has(&set, 443));
	assert_true(port_set_has(&set, 8000) && port_set_has(&set, 8500) && port_set_has(&set, 8999));
	assert_false(port_set_has(&set, 7999) || port_set_has(&set, 9000));
	accept("80,80,79-81", 3);
	accept("65535,1-64,63", 65);
	accept("0000000000000000000000080", 1);
}

static void test_repeated(void **state)
{
	struct parse_error error;
	struct port_set set = {};

	(void)state;
	assert_int_equal(port_set_parse("port", "80,90", &set, &error), 0);
	assert_int_equal(port_set_parse("port", "443", &set, &error), 0);
	assert_int_equal(count(&set), 3);
	assert_true(port_set_has(&set, 80) && port_set_has(&set, 443));
}

static void test_every_port(void **state)
{
	(void)state;
	for (unsigned int port = 1; port < 65536; port += 61) {
		char list[8] = {};
		struct strbuf sb = strbuf_over(list, sizeof(list) - 1);
		struct port_set set = {};

		strbuf_append_u64(&sb, port);
		set = accept(list, 1);
		assert_true(port_set_has(&set, port));
	}
}

#define WORD      ": not a number from 1 to 65535"
#define RANGE     ": not a range of numbers from 1 to 65535"
#define BACKWARDS ": the range ends before it begins"

static void test_bad_words(void **state)
{
	(void)state;
	refuse("", "port \"\"" WORD);
	refuse(",", "port \"\"" WORD);
	refuse("80,", "port \"\"" WORD);
	refuse(",80", "port \"\"" WORD);
	refuse("80,,81", "port \"\"" WORD);
	refuse("0", "port \"0\"" WORD);
	refuse("65536", "port \"65536\"" WORD);
	refuse("80abc", "port \"80abc\"" WORD);
	refuse("80,443x,81", "port \"443x\"" WORD);
	refuse(" 80", "port \" 80\"" WORD);
	refuse("80, 81", "port \" 81\"" WORD);
	refuse("80 ", "port \"80 \"" WORD);
	refuse("+80", "port \"+80\"" WORD);
	refuse("0x50", "port \"0x50\"" WORD);
	refuse("http", "port \"http\"" WORD);
	refuse("80.5", "port \"80.5\"" WORD);
	refuse("80;81", "port \"80;81\"" WORD);
	refuse("80\n", "port \"80\\x0A\"" WORD);
	refuse("\x1b[2J", "port \"\\x1B[2J\"" WORD);
	refuse("99999999999999999999", "port \"99999999999999999999\"" WORD);
	refuse("18446744073709551696", "port \"18446744073709551696\"" WORD); /* 2^64 + 80 */
	refuse("80000000000000000000000000000000000000000000000000000000000000,81",
	       "port \"8000000000000000000000000000000000000000...\"" WORD);
}

static void test_bad_ranges(void **state)
{
	(void)state;
	refuse("-80", "port \"-80\"" RANGE);
	refuse("80-", "port \"80-\"" RANGE);
	refuse("-", "port \"-\"" RANGE);
	refuse("0-80", "port \"0-80\"" RANGE);
	refuse("1-65536", "port \"1-65536\"" RANGE);
	refuse("80--90", "port \"80--90\"" RANGE);
	refuse("80-90-100", "port \"80-90-100\"" RANGE);
	refuse("80 - 90", "port \"80 - 90\"" RANGE);
	refuse("80-9x", "port \"80-9x\"" RANGE);
	refuse("90-80", "port \"90-80\"" BACKWARDS);
	refuse("1,65535-1", "port \"65535-1\"" BACKWARDS);
	refuse("80\xe2\x80\x93"
	       "90",
	       "port \"80\xe2\x80\x93"
	       "90\"" WORD); /* an en dash */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),      cmocka_unit_test(test_repeated),   cmocka_unit_test(test_every_port),
		cmocka_unit_test(test_bad_words), cmocka_unit_test(test_bad_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
