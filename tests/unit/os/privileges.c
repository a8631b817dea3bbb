/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/privileges.h"

#include "../core/text.h"

#include <errno.h>

static char text[256];

static const char *explain(int error)
{
	privileges_explain(error, text, sizeof(text));
	return text;
}

static void test_other_errors(void **state)
{
	(void)state;
	assert_string_equal(explain(-EMFILE), "too many open files for this process; try: ulimit -n 64");
	assert_string_equal(explain(-ENOSPC),
			    "No space left on device; -v shows the messages of libbpf and the kernel");
}

/* Where neither a user namespace nor lockdown nor seccomp explains it: tests/cli/test_rights.py has these. */
static void test_refused(void **state)
{
	(void)state;
	explain(-EPERM);
	if (!privileges_suffice()) {
		assert_string_equal(text, "needs root or CAP_BPF+CAP_PERFMON; try sudo");
		return;
	}
	if (strstr(text, "user namespace") || strstr(text, "lockdown") || strstr(text, "seccomp")) {
		print_message("%s\n", text);
		skip();
	}
	assert_string_equal(text, "Operation not permitted: the kernel refuses this despite the capabilities, perhaps "
				  "for an LSM policy; -v shows more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_errors),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("os/privileges", tests, NULL, NULL);
}
