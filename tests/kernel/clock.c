/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One moment has one time, and the right one. Compares the times that tools print before and after a step of the clock,
 * and before and after a suspend. Runs only in guests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/kernel.h"
#include "lib/moving_clock.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include "os/event_loop.h"

#define HOUR_NS (3600 * (int64_t)NS_PER_SEC)

/* The difference of two clocks, the rounding of times, and how exactly the test knows how long the machine slept. */
#define CLOCK_NS (int64_t) NS_PER_MS
#define SLEEP_NS (20 * (int64_t)NS_PER_MS)

#define PATIENCE_NS (20 * NS_PER_SEC)
#define BUFFER_MAX  (1 << 22)
#define TIME_MAX    40

enum {
	ROWS,
	TABLE,
	STUCK,
	RTT,
	LIVES /* where there is socket storage */
};

/* Something happened between these times of CLOCK_REALTIME. */
struct span {
	int64_t before_ns, after_ns;
};

static void expect_within(const char *what, int64_t told_ns, const struct span *span)
{
	require(told_ns >= span->before_ns - CLOCK_NS && told_ns <= span->after_ns + CLOCK_NS,
		"%s: told %.6f s after it began, and it took %.6f s", what,
		(double)(told_ns - span->before_ns) / NS_PER_SEC,
		(double)(span->after_ns - span->before_ns) / NS_PER_SEC);
}

/* 2026-11-22T12:31:49.123456Z */
static int64_t parse_time(const char *text)
{
	struct tm tm = {0};
	unsigned int us;
	const char *fraction = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	require(fraction && sscanf(fraction, ".%6uZ", &us) == 1, "no such time: %s", text ? text : "null");
	return (int64_t)timegm(&tm) * (int64_t)NS_PER_SEC + (int64_t)us * 1000;
}

static const char *string_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* A tool's output so far, in a static buffer. */
static char *output_of(const struct tool *tool)
{
	static char text[BUFFER_MAX];
	ssize_t length = pread(tool->out, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* The last row whose local port it is, or any for 0, into that state, or any for NULL; to be given back. */
static json_t *last_row(const struct tool *tool, uint16_t lport, const char *newstate)
{
	json_t *found = NULL;

	for (char *line = output_of(tool), *end; (end = strchr(line, '\n')); line = end + 1) {
		json_t *row;

		*end = '\0';
		row = json_loads(line, 0, NULL);
		require(row, "no JSON: %s", line);
		if ((!lport || json_integer_value(json_object_get(row, "lport")) == lport) &&
		    (!newstate || !strcmp(string_of(row, "newstate"), newstate))) {
			json_decref(found);
			found = row;
		} else {
			json_decref(row);
		}
	}
	return found;
}

struct table_row {
	char timestamp[TIME_MAX], since[TIME_MAX], newstate[20];
};

/* The last one whose local port it is, into that state or any for NULL. */
static bool find_table_row(const struct tool *tool, uint16_t lport, const char *newstate, struct table_row *ret)
{
	bool found = false;

	for (char *line = output_of(tool), *end; (end = strchr(line, '\n')); line = end + 1) {
		struct table_row row = {0};
		uint16_t port = 0;

		*end = '\0';
		if (sscanf(line, "%39[^,],%hu,%19[^,],%39s", row.timestamp, &port, row.newstate, row.since) < 3 ||
		    port != lport || (newstate && strcmp(row.newstate, newstate)))
			continue;
		*ret = row;
		found = true;
	}
	return found;
}

/* When the last row of that port happened, as the tool has told it; 0: no row. */
static int64_t told_ns(const struct tool *tool, bool is_table, uint16_t lport)
{
	struct table_row line;
	json_t *row;
	int64_t result;

	if (is_table)
		return find_table_row(tool, lport, NULL, &line) ? parse_time(line.timestamp) : 0;
	row = last_row(tool, lport, NULL);
	result = row ? parse_time(string_of(row, "time")) : 0;
	json_decref(row);
	return result;
}

/* Waits until it has told something of that port. */
static int64_t await_told(const struct tool *tool, bool is_table, uint16_t lport)
{
	uint64_t deadline = now_ns() + PATIENCE_NS;
	int64_t result;

	while (!(result = told_ns(tool, is_table, lport))) {
		require(now_ns() < deadline, "no row of port %u: %s", lport, tool_errors(tool));
		sleep_ms(10);
	}
	return result;
}

struct pair {
	int client, server;
	uint16_t port; /* the client's */
};

static struct pair open_pair(struct span *ret_span)
{
	struct pair pair;
	uint16_t port;
	int listener = listen_on(IPV4, &port);

	ret_span->before_ns = wall_ns();
	pair.client = connect_to(IPV4, port);
	pair.server = accept_from(listener);
	ret_span->after_ns = wall_ns();
	pair.port = local_port(pair.client);
	close(listener);
	return pair;
}

static void close_pair(const struct pair *pair, struct span *ret_span)
{
	ret_span->before_ns = wall_ns();
	close(pair->client);
	receive_end(pair->server);
	close(pair->server);
	settle(&pair->port, 1);
	ret_span->after_ns = wall_ns();
}

/* A tool that is asked to run again runs a little later: what happens until then is told by the clocks of before. */
static void await_noticed(const struct tool *tool, bool is_table)
{
	uint64_t deadline = now_ns() + PATIENCE_NS;
	struct span opened, closed;
	struct pair pair;
	int64_t time_ns;

	do {
		require(now_ns() < deadline, "it goes on with the old time: %s", tool_errors(tool));
		pair = open_pair(&opened);
		close_pair(&pair, &closed);
		time_ns = await_told(tool, is_table, pair.port);
	} while (time_ns < opened.before_ns - CLOCK_NS || time_ns > closed.after_ns + CLOCK_NS);
}

/* Its last look or interval, likewise. */
static void await_present(const struct tool *tool, uint16_t lport, int64_t from_ns)
{
	uint64_t deadline = now_ns() + PATIENCE_NS;

	for (;;) {
		int64_t time_ns = told_ns(tool, false, lport);

		if (time_ns >= from_ns - CLOCK_NS && time_ns <= wall_ns() + CLOCK_NS)
			return;
		require(now_ns() < deadline, "it goes on with the old time: %s", tool_errors(tool));
		sleep_ms(10);
	}
}

static void start_tools(struct run *run)
{
	static const char *const table[] = {"-v", "-o", "csv", "-O", "TIMESTAMP,LPORT,NEWSTATE,SINCE", NULL};
	static const char *const stuck[] = {"--stuck", "ESTABLISHED", "--longer", "10ms", "--interval", "50ms", NULL};
	static const char *const rtt[] = {"-i", "0.2", NULL};

	tool_start(&run->base.tools[ROWS], NULL, -1);
	tool_start_other(&run->base.tools[TABLE], "tcpstates", table, -1);
	tool_start(&run->base.tools[STUCK], stuck, -1);
	tool_start_json(&run->base.tools[RTT], "tcprtt", rtt, -1);
	run->base.tool_count = LIVES;
	if (kernel_has_socket_storage())
		tool_start(run_base_add(&run->base), (const char *const[]){"-c", NULL}, -1);
}

/* `suspended_us` is there, and right, where the machine was suspended; else it is not there. */
static void expect_suspended(const char *what, const json_t *row, int64_t slept_ns)
{
	const json_t *field = json_object_get(row, "suspended_us");
	int64_t told = (int64_t)(json_number_value(field) * 1000);

	require(!field == !slept_ns, "%s: the field is %s", what, field ? "there" : "missing");
	require(told >= slept_ns - SLEEP_NS && told <= slept_ns + SLEEP_NS, "%s: %lld us of %lld", what,
		(long long)told / 1000, (long long)slept_ns / 1000);
}

static void expect_same(const char *what, const char *before, const char *after)
{
	require(!strcmp(before, after), "%s: %s before, %s after", what, before, after);
}

/* Opened before the change, and closed after it. */
struct witness_pair {
	struct pair pair;
	struct span opened, closed;
	char since[TIME_MAX];         /* the first answer of STUCK */
	struct table_row established; /* of TABLE */
};

static void open_before(struct run *run, struct witness_pair *witness)
{
	json_t *row;

	witness->pair = open_pair(&witness->opened);
	await_told(&run->base.tools[STUCK], false, witness->pair.port);
	row = last_row(&run->base.tools[STUCK], witness->pair.port, NULL);
	snprintf(witness->since, sizeof(witness->since), "%s", string_of(row, "since"));
	expect_within("since", parse_time(witness->since), &witness->opened);
	json_decref(row);
	while (!find_table_row(&run->base.tools[TABLE], witness->pair.port, "ESTABLISHED", &witness->established))
		sleep_ms(10);
	expect_within("the row", parse_time(witness->established.timestamp), &witness->opened);
	expect_within("ROWS", await_told(&run->base.tools[ROWS], false, witness->pair.port), &witness->opened);
}

static void check_after(struct run *run, struct witness_pair *witness, int64_t slept_ns)
{
	uint16_t port = witness->pair.port;
	struct table_row line;
	json_t *row = last_row(&run->base.tools[STUCK], port, NULL);

	expect_same("since", witness->since, string_of(row, "since"));
	expect_suspended("STUCK", row, slept_ns);
	json_decref(row);
	close_pair(&witness->pair, &witness->closed);
	tool_stop(&run->base.tools[ROWS], SIGTERM);
	tool_stop(&run->base.tools[TABLE], SIGTERM);

	require(find_table_row(&run->base.tools[TABLE], port, "FIN_WAIT1", &line), "no row of the end");
	expect_same("SINCE", witness->established.timestamp, line.since);
	expect_within("the end", parse_time(line.timestamp), &witness->closed);
	row = last_row(&run->base.tools[ROWS], port, "FIN_WAIT1");
	expect_within("ROWS", parse_time(string_of(row, "time")), &witness->closed);
	expect_suspended("ROWS", row, slept_ns);
	json_decref(row);
	row = last_row(&run->base.tools[ROWS], port, "CLOSE");
	expect_within("ROWS", parse_time(string_of(row, "time")), &witness->closed);
	expect_suspended("ROWS, a state of after", row, 0);
	json_decref(row);
}

static void check_life(struct tool *tool, const struct witness_pair *witness, int64_t slept_ns)
{
	json_t *row;

	tool_stop(tool, SIGTERM);
	row = last_row(tool, witness->pair.port, NULL);
	expect_within("start", parse_time(string_of(row, "start")), &witness->opened);
	expect_within("time", parse_time(string_of(row, "time")), &witness->closed);
	expect_suspended("LIVES", row, slept_ns);
	json_decref(row);
}

/* Set the clock, or suspend; returns for how long it slept. */
typedef int64_t (*change_clocks)(void);

static void check_change(struct run *run, change_clocks change)
{
	struct witness_pair witness;
	struct event_loop loop;
	int64_t slept_ns, changed_ns;
	uint64_t deadline;
	int events;

	start_tools(run);
	require(!event_loop_open(false, &loop), "no event loop");
	open_before(run, &witness);
	slept_ns = change();
	changed_ns = wall_ns() - slept_ns / 2;
	deadline = now_ns() + PATIENCE_NS;
	while (!((events = event_loop_wait(&loop, 1000)) & EVENT_CLOCK))
		require(events >= 0 && now_ns() < deadline, "who waits for events is not told");
	event_loop_close(&loop);
	await_noticed(&run->base.tools[ROWS], false);
	await_noticed(&run->base.tools[TABLE], true);
	if (run->base.tool_count > LIVES)
		await_noticed(&run->base.tools[LIVES], false);
	await_present(&run->base.tools[STUCK], witness.pair.port, changed_ns);
	await_present(&run->base.tools[RTT], 0, changed_ns);
	check_after(run, &witness, slept_ns);
	if (run->base.tool_count > LIVES)
		check_life(&run->base.tools[LIVES], &witness, slept_ns);
}

static int64_t step_ahead(void)
{
	clock_step(HOUR_NS);
	return 0;
}

static int64_t step_back(void)
{
	clock_step(-3 * HOUR_NS);
	return 0;
}

static void test_step_ahead(void **state)
{
	need_own_clock();
	check_change(*state, step_ahead);
}

static void test_step_back(void **state)
{
	need_own_clock();
	check_change(*state, step_back);
}

static void test_suspend(void **state)
{
	need_suspend();
	check_change(*state, machine_suspend);
}

static int teardown(void **state)
{
	clock_restore();
	return run_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_step_ahead, teardown),
		cmocka_unit_test_teardown(test_step_back, teardown),
		cmocka_unit_test_teardown(test_suspend, teardown),
	};

	return cmocka_run_group_tests_name("clock", tests, run_group_setup, run_group_teardown);
}
