/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fallbacks of tcpstates on older kernels: every row is present and right, and an unknown value is shown as unknown. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/scenario.h"
#include "lib/test.h"

#define MAX_SCENARIOS 16

static void play_everything(void **state, const char *const *args)
{
	struct run *run = *state;
	uint16_t ports[MAX_SCENARIOS * FLAVOURS];
	size_t count = 0;
	struct expectation expectation = {.ports = ports,
					  .pid = getpid(),
					  .comm = own_comm(),
					  .cookies_may_be_unknown = true,
					  .owners_may_be_unknown = true};

	require(scenario_count <= MAX_SCENARIOS, "too many scenarios");
	run_start(run, args);
	for (size_t i = 0; i < scenario_count; i++)
		for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
			scenarios[i].play(flavour, &ports[count++]);
	run_stop(run);
	expectation.port_count = count;
	run_check(run, 0, &expectation);
	for (size_t i = 0; i < count; i++)
		expect_lives(&run->pairing, ports[i], scenarios[i / FLAVOURS].lives);
}

/* How many rows of the test's know their owner. */
static size_t count_owned(const struct run *run, const char *oldstate, const char *newstate)
{
	size_t owned = 0;

	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];

		owned += row->pid == getpid() && row->change.oldstate == state_number(oldstate) &&
			 row->change.newstate == state_number(newstate);
	}
	return owned;
}

static void expect_clients_owned(const struct run *run)
{
	/* Each flavour of each scenario but "listened" connects at least once. */
	size_t least = (scenario_count - 1) * FLAVOURS;

	if (!run->losses.lost && !run->pairing.hidden)
		require(count_owned(run, "CLOSE", "SYN_SENT") >= least, "connect() is not an owner any more");
}

static void test_without_casts(void **state)
{
	struct run *run = *state;

	need_machine("socket_storage");
	play_everything(state, (const char *const[]){"--storage", "socket", "--without-casts", NULL});
	require(strstr(tool_errors(&run->base.tools[0]), "socket storage (no casts)"), "it casts");
	expect_clients_owned(run);
}

static void test_hash(void **state)
{
	play_everything(state, (const char *const[]){"--storage", "hash", NULL});
	expect_clients_owned(*state);
}

static void test_classic_tracepoint(void **state)
{
	struct run *run = *state;

	play_everything(state, (const char *const[]){"--hook", "tracepoint", NULL});
	expect_clients_owned(run);
	if (!kernel_counts_missed_tracepoints())
		require(strstr(tool_errors(&run->base.tools[0]),
			       "this kernel does not count the events that the classic tracepoint misses "
			       "(Linux 6.7 and later do): some of them show as gaps between states"),
			"nothing says that events may be missed");
}

/* The choice of "auto" must be the best that a kernel of this version has. Else the tool says which program was
 * refused.
 */
static void expect_best(const struct tool *tool, const char *storage, const char *old_storage)
{
	const char *best = kernel_has_socket_storage() ? storage : old_storage;
	struct utsname name;

	if (strstr(tool_errors(tool), best))
		return;
	uname(&name);
	fputs(tool_errors(tool), stdout); /* longer than cmocka's messages */
	require(false, "on Linux %s the tool does not choose \"%s\"", name.release, best);
}

static void test_best(void **state)
{
	const char *const args[] = {"-v", "--sample", "rtt", NULL};
	struct run *run = *state;

	run_start(run, NULL);
	expect_best(&run->base.tools[0], "tp_btf/inet_sock_set_state, sockets remembered in socket storage",
		    "tp_btf/inet_sock_set_state, sockets remembered in a hash");
	if (!kernel_has_socket_storage())
		require(strstr(tool_errors(&run->base.tools[0]), "tcpstates: the kernel says: "),
			"the verifier's reason is not told");
	tool_start_other(run_base_add(&run->base), "tcprtt", args, -1);
	expect_best(&run->base.tools[1], "tp_btf, sockets remembered in socket storage",
		    "tp_btf, sockets remembered in a hash");
}

static void test_best_by_name(void **state)
{
	need_machine("socket_storage");
	play_everything(state, (const char *const[]){"--hook", "tp_btf", "--storage", "socket", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_without_casts),      measured_test(test_hash),
		measured_test(test_classic_tracepoint), measured_test(test_best),
		measured_test(test_best_by_name),
	};

	return cmocka_run_group_tests_name("fallback", tests, run_group_setup, run_group_teardown);
}
