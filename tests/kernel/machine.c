/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The answers of tests/machine in a guest, which has Debian's kernel and no policy. A "no" because of a fault in
 * tests/machine would skip tests everywhere.
 */
#include <string.h>
#include <sys/utsname.h>

#include "lib/guest.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/run_base.h"
#include "lib/test.h"

static const char *const everywhere[] = {"btf",
					 "tp_btf/inet_sock_set_state",
					 "tp_btf/tcp_probe",
					 "kprobe",
					 "kretprobe",
					 "tracepoint",
					 "iter/task_file",
					 "iter/tcp",
					 "tracefs",
					 "cgroup2",
					 "netns",
					 "timens",
					 "netem",
					 "tun",
					 "seccomp_notify"};

static void expect(const char *name, bool is_allowed)
{
	const char *why = machine_refuses(name);

	require(!why == is_allowed, "%s: expected %s, told %s", name, is_allowed ? "yes" : "no", why ? why : "yes");
}

static void test_guest(void **state)
{
	struct utsname name;
	bool has_trampolines;

	(void)state;
	if (!is_guest())
		skip_because("what a machine must allow is known of guests only");
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
		expect(everywhere[i], true);
	uname(&name);
	has_trampolines = strcmp(name.machine, "aarch64") || kernel_is_at_least(6, 4);
	expect("fentry", has_trampolines);
	expect("fexit", has_trampolines);
	expect("socket_storage", kernel_has_socket_storage());
	/* 7.2 and 7.3 are faulty (kernel_storage_iterator_is_faulty()). */
	expect("iter/bpf_sk_storage_map", !kernel_is_at_least(7, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest),
	};

	return cmocka_run_group_tests_name("machine", tests, run_base_group_setup, run_base_group_teardown);
}
