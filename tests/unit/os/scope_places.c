/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Places of a scope that disappear, and appear again with another number. */
#include "os/scope_places.h"

#include "../core/text.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/tcpvitals-scope-places-XXXXXX", blue[64];

/* Too much for some stacks. */
static struct scope scope;

static struct scope_place told_was, told_is;
static unsigned int told;

static void tell(void *context, const struct scope_place *was, const struct scope_place *is)
{
	assert_ptr_equal(context, &told);
	told_was = *was;
	told_is = *is;
	told++;
}

static unsigned int look(void)
{
	told = 0;
	scope_places_check(&scope, tell, &told);
	return told;
}

static uint64_t own_inode(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	return st.st_ino;
}

static void add(uint64_t number, const char *path)
{
	struct parse_error error;

	assert_int_equal(scope_add_number(&scope, SCOPE_NETNS, number, true, "network namespace", "blue", 4, &error),
			 0);
	assert_int_equal(scope_places_add(&scope, path), 0);
}

static void lead_to(const char *target)
{
	unlink(blue);
	assert_int_equal(symlink(target, blue), 0);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(blue, sizeof(blue), "%s/blue", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(blue);
	return rmdir(directory);
}

/* A name that goes away, and comes back. */
static void test_name(void **state)
{
	(void)state;
	lead_to("/proc/self/ns/net");
	add(own_inode(), blue);
	assert_int_equal(scope.place_count, 1);
	assert_false(scope.places[0].is_gone);
	assert_true(scope.places[0].number == own_inode() && scope.places[0].sense == SCOPE_WANTED);
	assert_int_equal(scope.settings.netns_cookies, scope.places[0].cookie != 0);
	assert_int_equal(look(), 0);
	unlink(blue);
	assert_int_equal(look(), 1);
	assert_true(told_is.is_gone && !told_was.is_gone && told_is.number == own_inode());
	assert_int_equal(look(), 0);
	lead_to("/proc/self/ns/net");
	assert_int_equal(look(), 1);
	assert_true(!told_is.is_gone && told_was.is_gone && told_is.cookie == told_was.cookie);
	assert_int_equal(look(), 0);
	/* a file without a namespace, as "ip netns add" makes before it mounts one there */
	lead_to("/etc/passwd");
	assert_int_equal(look(), 1);
	assert_true(told_is.is_gone);
}

/* Another one is behind the name: the number at hand is not that of the file. */
static void test_another(void **state)
{
	(void)state;
	lead_to("/proc/self/ns/net");
	assert_int_equal(look(), 1);
	scope.places[0].number = 7;
	scope.places[0].cookie = 8;
	assert_int_equal(look(), 1);
	assert_true(told_was.number == 7 && told_was.cookie == 8 && told_is.number == own_inode());
	assert_true(told_is.cookie != 8 && !told_is.is_gone);
	assert_int_equal(look(), 0);
}

/* A number alone leads nowhere later. */
static void test_number(void **state)
{
	(void)state;
	add(own_inode() + 1, "");
	assert_null(scope.places[1].path);
	assert_int_equal(look(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_another),
		cmocka_unit_test(test_number),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
