/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --cgroup with the path and the name of a systemd unit: shows the sockets of the unit's processes. Some of these
 * sockets are created in a softirq that interrupts another process, while no process of the unit can run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/helper.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

#define CONNECTIONS 20

static struct cgroup service, worker;
static struct helper server;
static uint16_t port;

static int leave(void **state)
{
	int error = run_teardown(state); /* ends the processes that are in them */

	cgroup_remove(&worker);
	cgroup_remove(&service);
	return error;
}

/* Listens in the unit itself, and accepts in a cgroup below it. */
static void server_process(int channel, void *context)
{
	int listener;

	(void)context;
	cgroup_join(&service);
	listener = listen_on(IPV4, &port);
	channel_send(channel, port, -1);
	channel_receive(channel, NULL);
	cgroup_join(&worker);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = accept_from(listener);

		receive_byte(fd);
		receive_end(fd);
		close(fd);
	}
	close(listener);
}

static void start_server(void)
{
	server = helper_start("tv-server", server_process, NULL);
	port = (uint16_t)channel_receive(server.channel, NULL);
}

/* All come, send and leave while the unit cannot run; then it accepts. */
static void make_connections(void)
{
	int fds[CONNECTIONS];

	process_pause(server.pid);
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = connect_to(IPV4, port);
		send_byte(fds[i]);
		shutdown(fds[i], SHUT_WR);
	}
	for (int i = 0; i < CONNECTIONS; i++)
		wait_for_state(fds[i], "FIN_WAIT2");
	process_resume(server.pid);
	channel_send(server.channel, 0, -1);
	for (int i = 0; i < CONNECTIONS; i++) {
		receive_end(fds[i]);
		close(fds[i]);
	}
	helper_wait(&server);
	settle(&port, 1);
}

static bool is_own(const struct row *row, bool of_server)
{
	return (of_server ? row->change.tuple.lport : row->change.tuple.rport) == port;
}

/* The witness's: handshakes, and the FINs of clients, had come before the unit ran again. */
static size_t count_softirqs(const struct run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->log.count; i++) {
		const struct witness_event *event = &run->log.events[i];
		uint8_t new = event->change.newstate;

		if (event->change.tuple.lport == port &&
		    (new == state_number("SYN_RECV") || new == state_number("ESTABLISHED") ||
		     new == state_number("CLOSE_WAIT"))) {
			require(event->pid != server.pid, "the unit ran: %s", change_text(&event->change));
			count++;
		}
	}
	return count;
}

/* In order of its socket and time, as printed. */
static int by_socket(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->cookie != y->cookie)
		return x->cookie < y->cookie ? -1 : 1;
	return x->line < y->line ? -1 : 1;
}

static void keep_own(struct rows *rows, bool of_server)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (is_own(&rows->items[i], of_server))
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
	qsort(rows->items, rows->count, sizeof(*rows->items), by_socket);
}

/* That tool shows of this traffic just what the unfiltered one shows of one side, and of the rest of the machine
 * nothing. */
static void check_side(const struct run *run, size_t tool, bool of_server)
{
	struct tool_losses losses;
	struct rows all, shown;

	tool_read_losses(&run->base.tools[tool], &losses);
	tool_expect_success(&run->base.tools[tool]);
	rows_read(run->base.tools[0].out, &all);
	rows_read(run->base.tools[tool].out, &shown);
	for (size_t i = 0; of_server && i < shown.count; i++)
		require(is_own(&shown.items[i], true), "none of the unit's: %s", change_text(&shown.items[i].change));
	for (size_t i = 0; !of_server && i < shown.count; i++)
		require(!is_own(&shown.items[i], true), "the unit's: %s", change_text(&shown.items[i].change));
	keep_own(&all, of_server);
	keep_own(&shown, of_server);
	print_message("tool %zu: %zu of %zu rows, %llu lost\n", tool, shown.count, all.count,
		      (unsigned long long)losses.lost);
	if (losses.lost || run->losses.lost)
		return;
	require(shown.count == all.count, "%zu rows, not %zu", shown.count, all.count);
	for (size_t i = 0; i < shown.count; i++) {
		const struct row *row = &shown.items[i];

		require(!strcmp(change_text(&row->change), change_text(&all.items[i].change)), "%s instead of %s",
			change_text(&row->change), change_text(&all.items[i].change));
		require(!of_server || (row->pid == server.pid &&
				       (row->cgroup_id == service.id || row->cgroup_id == worker.id)),
			"pid %d, cgroup %llu: %s", row->pid, (unsigned long long)row->cgroup_id,
			change_text(&row->change));
	}
	rows_free(&all);
	rows_free(&shown);
}

/* Whole lives: what was not lost or hidden is there. */
static void check_lives(const struct run *run, size_t softirqs)
{
	const char *const story[][2] = {{"LISTEN", "SYN_RECV"},
					{"SYN_RECV", "ESTABLISHED"},
					{"ESTABLISHED", "CLOSE_WAIT"},
					{"CLOSE_WAIT", "LAST_ACK"},
					{"LAST_ACK", "CLOSE"}};

	/* More where two CPUs make the same child, and one of them closes it again: seen in a guest. */
	require(softirqs >= 3 * CONNECTIONS, "the witness saw %zu transitions in softirqs", softirqs);
	for (size_t i = 0; i < 5; i++) {
		size_t count = 0;

		for (size_t r = 0; r < run->rows.count; r++) {
			const struct row *row = &run->rows.items[r];

			count += is_own(row, true) && row->change.oldstate == state_number(story[i][0]) &&
				 row->change.newstate == state_number(story[i][1]);
		}
		require(count + run->losses.lost + run->pairing.hidden >= CONNECTIONS, "%zu rows %s -> %s", count,
			story[i][0], story[i][1]);
	}
}

static void check(void **state, bool older)
{
	struct run *run = *state;
	char negated[sizeof(service.path) + 1];

	need_machine("socket_storage");
	cgroup_make(&service, NULL, "softirq.service");
	cgroup_make(&worker, &service, "worker");
	snprintf(negated, sizeof(negated), "!%s", service.path);
	if (older)
		start_server();
	run_start(run, NULL);
	run_start_another(run, (const char *const[]){"--cgroup", service.path, NULL});
	run_start_another(run, (const char *const[]){"--cgroup", service.name, NULL});
	run_start_another(run, (const char *const[]){"--cgroup", negated, NULL});
	if (!older)
		start_server();
	make_connections();
	run_stop(run);
	run_account(run, 0, NULL);
	check_lives(run, count_softirqs(run));
	check_side(run, 1, true);
	check_side(run, 2, true);
	check_side(run, 3, false);
}

static void test_new_listener(void **state)
{
	check(state, false);
}

static void test_older_listener(void **state)
{
	need_machine("iter/task_file");
	check(state, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_new_listener, leave),
		cmocka_unit_test_teardown(test_older_listener, leave),
	};

	return cmocka_run_group_tests_name("scope_softirq", tests, run_group_setup, run_group_teardown);
}
