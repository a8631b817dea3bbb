/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Proves the number that the benchmark counts with: bench/churn reports the transitions that the witness sees. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "abi/tcp_state.h"

#include "lib/guest.h"
#include "lib/netns.h"
#include "lib/process.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"

#define CHURN "build/bench/churn"

/* The witness sees the whole machine: none that connect() chooses from elsewhere. */
#define PORT "7919"

/* It gives up by itself after 60 s. */
#define CHURN_SECONDS 90

/* For the last acknowledgement, which the end of the processes does not wait for. */
#define SETTLE_MS 100

/* For which the server is stopped. */
#define LATE_MS 100

static struct netns netns = {.home = -1};

struct churn_report {
	uint16_t port;
	uint64_t transitions;
	uint64_t client_transitions;
};

struct churn_process {
	struct process process;
	int out;
};

static struct churn_process churn_start(const char *connections, const char *order, const char *family,
					const char *threads)
{
	const char *const argv[] = {CHURN,      "--port", PORT,        "--connections", connections,  "--order", order,
				    "--family", family,   "--threads", threads,         "--deadline", "60",      NULL};
	struct churn_process churn = {.out = process_file("churn")};

	require(!access(CHURN, X_OK), "no load at " CHURN " (make tests)");
	process_start(&churn.process, argv, -1, churn.out, -1);
	return churn;
}

static uint64_t member(const json_t *report, const char *name)
{
	const json_t *value = json_object_get(report, name);

	require(json_is_integer(value), "churn does not tell \"%s\"", name);
	return (uint64_t)json_integer_value(value);
}

static struct churn_report churn_finish(struct churn_process *churn)
{
	struct churn_report report;
	json_error_t error;
	json_t *json;

	require(process_wait(&churn->process, CHURN_SECONDS) && !churn->process.status,
		"churn has not ended, or with status %#x", churn->process.status);
	json = json_loads(process_said(churn->out), 0, &error);
	close(churn->out);
	require(json, "churn printed no JSON: %s", error.text);
	report = (struct churn_report){
		.port = (uint16_t)member(json, "port"),
		.transitions = member(json, "transitions"),
		.client_transitions = member(json, "client_transitions"),
	};
	json_decref(json);
	return report;
}

static void compare(const struct witness_log *log, const struct churn_report *report)
{
	uint64_t all = 0, clients = 0;

	for (size_t i = 0; i < log->count; i++) {
		const struct tuple *tuple = &log->events[i].change.tuple;

		all += tuple_has_port(tuple, &report->port, 1);
		clients += tuple->rport == report->port;
	}
	require(all == report->transitions && clients == report->client_transitions,
		"the witness saw %" PRIu64 " transitions, %" PRIu64 " at the clients; churn says %" PRIu64
		" and %" PRIu64,
		all, clients, report->transitions, report->client_transitions);
}

static unsigned long begun_between(const struct witness_log *log, uint16_t port, uint64_t from_ns, uint64_t to_ns)
{
	unsigned long begun = 0;

	for (size_t i = 0; i < log->count; i++) {
		const struct witness_event *event = &log->events[i];

		begun += event->change.newstate == STATE_SYN_SENT && event->change.tuple.rport == port &&
			 event->time_ns >= from_ns && event->time_ns <= to_ns;
	}
	return begun;
}

/* Its child, the server; 0 when it has none. */
static pid_t server_of(pid_t churn)
{
	uint64_t deadline_ns = now_ns() + NS_PER_SEC;
	char path[64];
	int server = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", churn, churn);
	while (!server && now_ns() < deadline_ns) {
		FILE *children = fopen(path, "re");

		if (!children)
			return 0;
		if (fscanf(children, "%d", &server) != 1)
			server = 0;
		fclose(children);
	}
	return server;
}

/* Stops that process, and waits until it has. False when it has ended. */
static bool stop_process(pid_t pid)
{
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!pid || kill(pid, SIGSTOP))
		return false;
	while (state != 'T' && state != 'Z') {
		FILE *stat = fopen(path, "re");

		if (!stat)
			return false;
		if (fscanf(stat, "%*d (churn) %c", &state) != 1)
			state = 'Z';
		fclose(stat);
	}
	return state == 'T';
}

static void start_witness(struct run *run)
{
	const char *why = netns_enter(&netns);

	if (why)
		skip_because("%s", why);
	run_watch(run);
}

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

static void test_order(void **state, const char *order)
{
	static const char *const families[] = {"4", "6"}, *const threads[] = {"1", "4"};
	struct run *run = *state;

	for (size_t i = 0; i < 4; i++) {
		struct churn_process churn;
		struct churn_report report;

		start_witness(run);
		churn = churn_start(is_guest() ? "100" : "500", order, families[i / 2], threads[i % 2]);
		report = churn_finish(&churn);
		sleep_ms(SETTLE_MS);
		witness_stop(run->witness, &run->log);
		compare(&run->log, &report);
		leave(state);
	}
}

static void test_client_first(void **state)
{
	test_order(state, "client");
}

static void test_server_first(void **state)
{
	test_order(state, "server");
}

static void test_reset(void **state)
{
	test_order(state, "rst");
}

/* Else they fill the accept queue, and the load rests until SYNs that were dropped are repeated. */
static void test_clients_wait_for_the_server(void **state)
{
	struct run *run = *state;
	struct churn_process churn;
	struct churn_report report;
	uint64_t stop_ns, end_ns;
	unsigned long begun;
	pid_t server;

	start_witness(run);
	churn = churn_start(is_guest() ? "1000" : "5000", "rst", "4", "1");
	server = server_of(churn.process.pid);
	require(stop_process(server), "the load is over before its server could be stopped");
	stop_ns = now_ns();
	sleep_ms(LATE_MS);
	end_ns = now_ns();
	kill(server, SIGCONT);
	report = churn_finish(&churn);
	sleep_ms(SETTLE_MS);
	witness_stop(run->witness, &run->log);
	compare(&run->log, &report);
	/* the one that the server had accepted, and then the next */
	begun = begun_between(&run->log, report.port, stop_ns, end_ns);
	require(begun <= 1, "%lu connections begun while the server was stopped", begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_client_first, leave),
		cmocka_unit_test_teardown(test_server_first, leave),
		cmocka_unit_test_teardown(test_reset, leave),
		cmocka_unit_test_teardown(test_clients_wait_for_the_server, leave),
	};

	return cmocka_run_group_tests_name("bench_churn", tests, run_group_setup, run_group_teardown);
}
