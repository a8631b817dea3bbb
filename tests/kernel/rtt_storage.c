/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fallbacks of tcprtt on older kernels: other programs, and the same samples. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "lib/machine.h"
#include "lib/require.h"
#include "lib/rtt_sides.h"
#include "lib/test.h"

#define EXCHANGES 100

struct fallback {
	const char *args[4]; /* up to NULL */
	const char *hook;    /* that these ask for, by its name in tests/machine */
};

static const struct fallback no_casts = {.args = {"--storage", "socket", "--without-casts"}};
static const struct fallback hash = {.args = {"--storage", "hash"}};
static const struct fallback fentry = {{"--hook", "fentry", "--storage=socket"}, "fentry"};
static const struct fallback fentry_hash = {{"--hook", "fentry", "--storage=hash"}, "fentry"};
static const struct fallback kprobe = {{"--hook", "kprobe"}, "kprobe"};

static bool wants_socket_storage(const struct fallback *fallback)
{
	return fallback == &no_casts || fallback == &fentry;
}

/* Skips the test where this kernel has no such storage, or this machine no such hook. */
static void need(const struct fallback *fallback)
{
	if (wants_socket_storage(fallback))
		need_machine("socket_storage");
	if (fallback->hook)
		need_machine(fallback->hook);
}

static size_t start(struct rtt_run *run, const struct fallback *fallback, const char *const *args)
{
	const char *all[TOOL_MAX_ARGS] = {NULL};
	size_t count = 0;

	for (size_t i = 0; fallback->args[i]; i++)
		all[count++] = fallback->args[i];
	for (; *args; args++)
		all[count++] = *args;
	return rtt_run_start(run, all);
}

/* A client's: its connect() has told. */
static bool own_comm_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	if (!rtt_has_rport(probe, context))
		return false;
	prctl(PR_GET_NAME, key);
	return true;
}

static bool rport_of(const struct rtt_probe *probe, const void *context, char key[256])
{
	if (!rtt_has_lport(probe, context))
		return false;
	sprintf(key, "%u", probe->tuple.rport);
	return true;
}

static void check_smoothed(void **state, const struct fallback *fallback)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair;
	uint16_t port;
	int keeper;
	size_t all, grouped;

	need(fallback);
	keeper = rtt_run_watch_new_port(run, IPV4, &port);
	all = start(run, fallback, ARGS("-p", rtt_port_text(port)));
	grouped = start(run, fallback, ARGS("-p", rtt_port_text(port), "-4", "--by", "rport"));
	pair = rtt_pair_open_on(IPV4, keeper, port);
	rtt_exchange_mixed(&pair, EXCHANGES);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_run_check_all(run, all, rtt_has_lport, &port);
	rtt_run_check_groups(run, grouped, rport_of, &port, false);
}

static void check_remembered(void **state, const struct fallback *fallback)
{
	struct rtt_run *run = *state;
	size_t client, server, owned;
	struct rtt_pair pair;
	uint64_t again;
	uint16_t port;
	int keeper;

	need(fallback);
	keeper = rtt_run_watch_new_port(run, IPV4, &port);
	client = start(run, fallback, ARGS("--sample", "rtt", "-P", rtt_port_text(port)));
	server = start(run, fallback, ARGS("--sample", "rtt", "-p", rtt_port_text(port)));
	owned = start(run, fallback, ARGS("-P", rtt_port_text(port), "--by", "comm"));
	pair = rtt_pair_open_on(IPV4, keeper, port);
	rtt_exchange(&pair, EXCHANGES, 0);
	again = rtt_retransmitted(&pair);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, client, 1 + EXCHANGES + 1, again, "client");
	rtt_check_count(run, server, EXCHANGES + 1, again, "server");
	rtt_run_check_groups(run, owned, own_comm_of, &port, false);
}

static void check_once(void **state, const struct fallback *fallback)
{
	struct rtt_run *run = *state;
	struct rtt_pair pair, more;
	size_t min, handshake;
	uint16_t port;
	int keeper;

	need(fallback);
	keeper = rtt_run_watch_new_port(run, IPV4, &port);
	min = start(run, fallback, ARGS("--sample", "min", "-p", rtt_port_text(port)));
	handshake = start(run, fallback, ARGS("--sample", "handshake", "-P", rtt_port_text(port), "--by", "rport"));
	pair = rtt_pair_open_on(IPV4, keeper, port);
	more = rtt_pair_open_again(IPV4, &pair);
	rtt_pair_close(&more);
	rtt_pair_close(&pair);
	rtt_run_stop(run);
	rtt_check_count(run, min, 2, 0, "min");
	rtt_check_count(run, handshake, 2, 0, "handshake");
}

#define FALLBACK_TEST(check, fallback)                                                                                 \
	static void test_##check##_##fallback(void **state)                                                            \
	{                                                                                                              \
		check_##check(state, &(fallback));                                                                     \
	}

FALLBACK_TEST(smoothed, no_casts)
FALLBACK_TEST(remembered, no_casts)
FALLBACK_TEST(once, no_casts)
FALLBACK_TEST(smoothed, hash)
FALLBACK_TEST(remembered, hash)
FALLBACK_TEST(once, hash)
FALLBACK_TEST(smoothed, fentry)
FALLBACK_TEST(remembered, fentry)
FALLBACK_TEST(smoothed, fentry_hash)
FALLBACK_TEST(remembered, fentry_hash)
FALLBACK_TEST(smoothed, kprobe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rtt_test(test_smoothed_no_casts),    rtt_test(test_remembered_no_casts),
		rtt_test(test_once_no_casts),        rtt_test(test_smoothed_hash),
		rtt_test(test_remembered_hash),      rtt_test(test_once_hash),
		rtt_test(test_smoothed_fentry),      rtt_test(test_remembered_fentry),
		rtt_test(test_smoothed_fentry_hash), rtt_test(test_remembered_fentry_hash),
		rtt_test(test_smoothed_kprobe),
	};

	return cmocka_run_group_tests_name("rtt_storage", tests, rtt_run_group_setup, rtt_run_group_teardown);
}
