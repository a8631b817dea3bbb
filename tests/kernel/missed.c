/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Missed transitions that no place could count. The storage of the socket reveals them: it has another state than the
 * one that the next transition leaves, or not CLOSE when the socket is destroyed.
 *
 * The kernel lets other processes write socket storage. The test writes back the contents from before a transition,
 * which has the same effect as skipped programs.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/bpf_objects.h"
#include "lib/machine.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"
#include <bpf/libbpf.h>

#define SOCKETS 3
#define LOST    3 /* exit status with --strict */

struct memory {
	uint8_t bytes[256];
};

/* A listener, a tool that looks at its connections, and the map where that remembers sockets. */
struct scene {
	struct tool *tool;
	int listener;
	int map;
	uint16_t port;
	char port_text[8];
};

static struct scene scene = {.listener = -1, .map = -1};

static int leave(void **state)
{
	close(scene.listener);
	close(scene.map);
	scene.listener = scene.map = -1;
	return run_teardown(state);
}

/* `option` is -L or -D, for the listener's port, or NULL; `more` may be NULL, too. */
static void begin(struct run *run, const char *option, const char *more, const char *map)
{
	const char *args[6] = {"--strict", "--storage=auto"};
	struct bpf_objects objects;
	size_t count = 2;

	/* Not in the table, which tests/kernel/conn_table.c looks into. */
	if (!strcmp(map, "conn_storage")) {
		need_machine("socket_storage");
		args[1] = "--storage=socket";
	}
	scene.listener = listen_on(IPV4, &scene.port);
	snprintf(scene.port_text, sizeof(scene.port_text), "%u", scene.port);
	if (more)
		args[count++] = more;
	if (option) {
		args[count++] = option;
		args[count++] = scene.port_text;
	}
	scene.tool = run_base_add(&run->base);
	tool_start(scene.tool, args, -1);
	bpf_objects_of(scene.tool->process.pid, &objects);
	scene.map = bpf_objects_open_map(&objects, map);
}

/* Ends the tool; returns its last line. */
static const char *end(int exit_code)
{
	const char *line;

	tool_stop(scene.tool, SIGTERM);
	line = strrchr(tool_errors(scene.tool), ':');
	while (line && strncmp(line, ": lost ", 7) && line > tool_errors(scene.tool))
		line--;
	require(line, "not a word about losses: %s", tool_errors(scene.tool));
	print_message("exit status %d%s", tool_exit_code(scene.tool), line);
	require(tool_exit_code(scene.tool) == exit_code, "not %d", exit_code);
	return line;
}

static struct memory memory_of(int socket)
{
	struct memory memory;

	require(!bpf_map_lookup_elem(scene.map, &socket, &memory), "the tool does not remember this socket");
	return memory;
}

static void set_memory(int socket, const struct memory *memory)
{
	require(!bpf_map_update_elem(scene.map, &socket, memory, BPF_ANY), "the socket's storage cannot be written: %s",
		strerror(errno));
}

/* FIN_WAIT1 and FIN_WAIT2 go unseen: the next row leaves a state that the tool has not seen beginning. */
static void miss_states(void)
{
	for (int i = 0; i < SOCKETS; i++) {
		int client = connect_to(IPV4, scene.port), server = accept_from(scene.listener);
		struct memory established = memory_of(client);

		shutdown(client, SHUT_WR);
		receive_end(server);
		wait_for_state(client, "FIN_WAIT2");
		set_memory(client, &established);
		close(server);
		receive_end(client);
		wait_for_state(client, "CLOSE");
		close(client);
	}
}

static void test_gap(void **state)
{
	const struct row *row = NULL;
	struct rows rows;
	const char *line;

	begin(*state, "-D", NULL, "conn_storage");
	miss_states();
	line = end(LOST);
	require(strstr(line, " 3 gaps between the states of sockets\n"), "not 3 gaps");

	rows_read(scene.tool->out, &rows);
	for (int i = 0; i < SOCKETS; i++) {
		row = rows_find(&rows, scene.port, "FIN_WAIT2", "CLOSE", row ? row + 1 : rows.items);
		require(row, "no row %d of a client's end", i);
		require(!row->has_duration && !row->has_at_least, "a duration of a state whose beginning was missed");
	}
	rows_free(&rows);
}

/* As records of whole connections: there are as many, and their times are not complete. */
static void test_gap_of_connection(void **state)
{
	const char *line;

	begin(*state, "-D", "-c", "conn_storage");
	miss_states();
	line = end(LOST);
	require(strstr(line, ": lost 0 of 3 rows, but something was missed: 3 gaps between the states of sockets\n"),
		"not 3 gaps");
}

/* The connections end with a reset, which nobody sees; their sockets are closed later. */
static void end_unseen(void)
{
	for (int i = 0; i < SOCKETS; i++) {
		int client = connect_to(IPV4, scene.port), server = accept_from(scene.listener);
		struct memory established = memory_of(server);

		abort_socket(client);
		receive_reset(server);
		wait_for_state(server, "CLOSE");
		set_memory(server, &established);
		close(server);
	}
}

static void test_ended_unseen(void **state)
{
	begin(*state, "-L", NULL, "conn_storage");
	end_unseen();
	require(strstr(end(LOST), " 3 sockets ended unseen\n"), "not 3 sockets");
}

/* Without a filter there may be more of them: other people's. */
static void test_ended_unseen_anywhere(void **state)
{
	const char *line, *at;

	begin(*state, NULL, NULL, "conn_storage");
	end_unseen();
	line = end(LOST);
	at = strstr(line, " sockets ended unseen");
	require(at, "not a word about them");
	while (at > line && at[-1] >= '0' && at[-1] <= '9')
		at--;
	require(strtoull(at, NULL, 10) >= SOCKETS, "not %d sockets", SOCKETS);
}

/* A child whose birth nobody saw has what its listener's storage had. With -D, neither is of interest. */
static void test_out_of_scope(void **state)
{
	struct memory listening;

	begin(*state, "-D", NULL, "conn_storage");
	close(scene.listener);
	scene.listener = listen_at(IPV4, scene.port);
	listening = memory_of(scene.listener);
	for (int i = 0; i < SOCKETS; i++) {
		int client = connect_to(IPV4, scene.port), server = accept_from(scene.listener);

		set_memory(server, &listening);
		close(client);
		receive_end(server);
		close(server);
	}
	require(!strstr(end(0), "ended unseen"), "sockets that nobody asked for");
}

/* More kinds of transitions than there are: no room for those of this test. */
static void test_summary_full(void **state)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info), filled = 0;
	struct tool_losses losses;
	uint8_t *values;

	begin(*state, "-D", "--summary", "summaries");
	require(!bpf_obj_get_info_by_fd(scene.map, &info, &size), "no information about the map");
	values = allocate((info.value_size + 7) / 8 * 8 * (size_t)libbpf_num_possible_cpus());
	memset(values, 0, (info.value_size + 7) / 8 * 8 * (size_t)libbpf_num_possible_cpus());
	/* what no state is */
	for (uint32_t key = 0xf0f00000; !bpf_map_update_elem(scene.map, &key, values, BPF_NOEXIST); key++)
		filled++;
	free(values);
	require(filled == info.max_entries, "only %u of %u kinds", filled, info.max_entries);
	for (int i = 0; i < SOCKETS; i++) {
		int client = connect_to(IPV4, scene.port), server = accept_from(scene.listener);

		abort_socket(client);
		receive_reset(server);
		close(server);
	}
	end(LOST);
	tool_read_losses(scene.tool, &losses);
	/* CLOSE -> SYN_SENT -> ESTABLISHED -> CLOSE */
	require(losses.summary_full == 3 * SOCKETS && losses.lost == losses.summary_full &&
			losses.seen == losses.summary_full,
		"not %d transitions", 3 * SOCKETS);
}

static int unbound_listener(void)
{
	int fd = client_socket(IPV4);

	require(!listen(fd, 1), "cannot listen without a port of one's own choice: %s", strerror(errno));
	return fd;
}

/*
 * The row of a listener without a port waits for the port. The event with the port goes unseen, and the socket goes on:
 * the row is lost, and counted. (Waiting rows are counted, too, and one too few when a socket's storage is given
 * back: another listener makes up for it.)
 */
static void test_held_row(void **state)
{
	struct memory waiting, nothing;
	int first, second, server;
	const char *line;

	begin(*state, "-L", NULL, "conn_storage");
	nothing = memory_of(scene.listener);
	first = unbound_listener();
	waiting = memory_of(first);
	shutdown(first, SHUT_RDWR);
	wait_for_state(first, "CLOSE");
	set_memory(first, &waiting);
	second = unbound_listener();
	set_memory(second, &nothing);
	require(!connect_socket(first, IPV4, scene.port), "cannot connect");
	server = accept_from(scene.listener);
	close(first);
	receive_end(server);
	close(server);
	close(second);
	line = end(LOST);
	require(strstr(line, ": 1 waited for its local port, and the event with the port was missed; 1 gap between the "
			     "states of a socket\n"),
		"not one row that waited");
}

/* Nothing of all this. */
static void test_nothing_missed(void **state)
{
	const char *line;

	begin(*state, "-L", NULL, "conn_storage");
	for (int i = 0; i < SOCKETS; i++) {
		int client = connect_to(IPV4, scene.port), server = accept_from(scene.listener);

		close(client);
		receive_end(server);
		close(server);
	}
	close(scene.listener);
	scene.listener = -1;
	settle(&scene.port, 1);
	line = end(0);
	require(!strstr(line, "gaps") && !strstr(line, "unseen"), "something is said to have been missed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_gap, leave),
		cmocka_unit_test_teardown(test_gap_of_connection, leave),
		cmocka_unit_test_teardown(test_ended_unseen, leave),
		cmocka_unit_test_teardown(test_ended_unseen_anywhere, leave),
		cmocka_unit_test_teardown(test_out_of_scope, leave),
		cmocka_unit_test_teardown(test_summary_full, leave),
		cmocka_unit_test_teardown(test_held_row, leave),
		cmocka_unit_test_teardown(test_nothing_missed, leave),
	};

	return cmocka_run_group_tests_name("missed", tests, run_group_setup, run_group_teardown);
}
