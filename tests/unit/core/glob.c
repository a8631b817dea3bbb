/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shell patterns: examples, random ones against fnmatch(), refused ones, and the limit of the table. */
#include "core/glob.h"

#include "text.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>

static void add(struct glob_set *set, const char *pattern, bool wanted)
{
	struct parse_error error = {"untouched"};

	assert_int_equal(glob_add("name", pattern, strlen(pattern), wanted, set, &error), 0);
	assert_string_equal(error.text, "untouched");
}

static uint64_t match(const struct glob_set *set, const char *name)
{
	char text[OWNER_COMM_LEN] = {};

	memcpy(text, name, strlen(name));
	return glob_match(set, text);
}

static bool matches(const char *pattern, const char *name)
{
	struct glob_set set = {};

	add(&set, pattern, true);
	return match(&set, name);
}

static void refuse(const char *pattern, const char *message)
{
	struct parse_error error;
	struct glob_set set = {}, before;

	add(&set, "nginx", false);
	before = set;
	assert_int_equal(glob_add("name", pattern, strlen(pattern), true, &set, &error), -EINVAL);
	assert_memory_equal(&set, &before, sizeof(set));
	assert_string_equal(error.text, message);
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(matches("curl", "curl"));
	assert_false(matches("curl", "curly") || matches("curl", "cur") || matches("curl", "") ||
		     matches("curl", "Curl"));
	assert_true(matches("ngin*", "nginx") && matches("ngin*", "ngin"));
	assert_true(matches("*", "") && matches("*", "fifteen-letters") && matches("**", "a"));
	assert_true(matches("?????", "nginx"));
	assert_false(matches("?????", "ngin") || matches("?????", "nginx2"));
	assert_true(matches("kworker/*:[0-3]-*", "kworker/1:2-eve"));
	assert_false(matches("kworker/*:[0-3]-*", "kworker/1:4-eve"));
	assert_true(matches("[]x]", "]") && matches("[!]x]", "a") && matches("[a-]", "-") && matches("[\\]]", "]"));
	assert_false(matches("[!]x]", "]"));
	assert_true(matches("\\*", "*") && matches("a\\?", "a?"));
	assert_false(matches("\\*", "x") || matches("a\\?", "ab"));
	assert_true(matches("fifteen-letters", "fifteen-letters"));
	assert_true(matches("??", "\xc3\xa4") && matches("[!a]*", "\xff"));
	assert_false(matches("[!a]", ""));
}

static void test_lists(void **state)
{
	struct glob_set set = {};

	(void)state;
	add(&set, "nginx", true);
	add(&set, "php-*", true);
	add(&set, "*-fpm", false);
	assert_true(match(&set, "nginx") & set.wanted);
	assert_true(match(&set, "php-cgi") & set.wanted);
	assert_false(match(&set, "php-cgi") & set.unwanted);
	assert_true(match(&set, "php-fpm") & set.wanted && match(&set, "php-fpm") & set.unwanted);
	assert_false(match(&set, "curl"));
	/* what ends one pattern does not begin the next */
	assert_false(match(&set, "nginxphp-"));
}

/* The same answers as the C library's, for patterns and names of few letters, so that many match. */
static void test_against_fnmatch(void **state)
{
	static const char *const elements[] = {"a", "b", "*", "?", "[ab]", "[!a]", "[a-c]", "\\*", "[!b-c]", "c"};
	static const char letters[] = "abc*";
	uint64_t random = 1;
	size_t matched = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char pattern[64] = {}, name[OWNER_COMM_LEN] = {};
		size_t parts = 1 + text_random(&random) % 6, length = text_random(&random) % 8;

		for (size_t i = 0; i < parts; i++)
			strcat(pattern, elements[text_random(&random) % COUNT(elements)]);
		for (size_t i = 0; i < length; i++)
			name[i] = letters[text_random(&random) % 4];
		if (matches(pattern, name) != !fnmatch(pattern, name, 0))
			fail_msg("\"%s\" and \"%s\": fnmatch() says %s", pattern, name,
				 fnmatch(pattern, name, 0) ? "no" : "yes");
		matched += !fnmatch(pattern, name, 0);
	}
	assert_true(matched > 10000);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("", "name \"\": the name is empty; use * for any name");
	refuse("a[b", "name \"a[b\": the [ has no closing ]");
	refuse("[]", "name \"[]\": the [ has no closing ]");
	refuse("[!]", "name \"[!]\": the [ has no closing ]");
	refuse("[a-", "name \"[a-\": the [ has no closing ]");
	refuse("[c-aA-C]", "name \"[c-aA-C]\": a range in [ ] matches nothing; write the lower character first");
	refuse("a\\", "name \"a\\\\\": a character must follow the \\");
	refuse("[\\", "name \"[\\\\\": a character must follow the \\");
	refuse("sixteen-letters-", "name \"sixteen-letters-\": longer than 15 bytes, the most that a process name has");
	refuse("?*???????????????",
	       "name \"?*???????????????\": longer than 15 bytes, the most that a process name has");
}

static void test_room(void **state)
{
	static const char why[] =
		"name \"c\": too many names: there is room for 64 bytes, and each name takes its length and one more";
	struct parse_error error;
	struct glob_set set = {};

	(void)state;
	for (int i = 0; i < 4; i++)
		add(&set, "fifteen-letters", true);
	assert_true(match(&set, "fifteen-letters") == set.wanted);
	assert_int_equal(glob_add("name", "c", 1, true, &set, &error), -EINVAL);
	assert_string_equal(error.text, why);
	set = (struct glob_set){};
	for (int i = 0; i < 32; i++)
		add(&set, "c", i % 2);
	assert_true(match(&set, "c") == (set.wanted | set.unwanted));
	assert_int_equal(glob_add("name", "c", 1, true, &set, &error), -EINVAL);
	assert_string_equal(error.text, why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns), cmocka_unit_test(test_lists), cmocka_unit_test(test_against_fnmatch),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
