/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* User names and uids. */
#include "os/user.h"

#include "../core/text.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

static void accept(const char *word, uint64_t expected)
{
	struct parse_error error = {"untouched"};
	uint64_t uid = 12345;

	assert_int_equal(user_find(word, strlen(word), &uid, &error), 0);
	assert_true(uid == expected);
	assert_string_equal(error.text, "untouched");
}

static void refuse(const char *word)
{
	struct parse_error error;
	uint64_t uid = 12345;

	assert_int_equal(user_find(word, strlen(word), &uid, &error), -EINVAL);
	assert_true(uid == 12345);
	assert_non_null(strstr(error.text, "\": no such user, and not a uid from 0 to 4294967294"));
}

static void test_names_and_numbers(void **state)
{
	const struct passwd *self = getpwuid(getuid());

	(void)state;
	if (self)
		accept(self->pw_name, getuid());
	accept("0", 0);
	accept("54321", 54321);
	accept("4294967294", 4294967294);
}

static void test_needs_no_nul(void **state)
{
	struct parse_error error;
	uint64_t uid;

	(void)state;
	assert_int_equal(user_find("54321,6", 5, &uid, &error), 0);
	assert_true(uid == 54321);
}

static void test_refused(void **state)
{
	char longer[400];

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	refuse("");
	refuse("no-such-user-here");
	refuse("4294967295");
	refuse("-1");
	refuse("12x");
	refuse(longer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_numbers),
		cmocka_unit_test(test_needs_no_nul),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
