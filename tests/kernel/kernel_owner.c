/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The second path (subflow) of an MPTCP connection, which a workqueue opens after the first one (mptcp_worker(), 5.9).
 * Its owner is the process that opened the first path, not the worker.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/mptcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/netlink.h"
#include "lib/netns.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define SERVER_PORT  15000
#define FIRST_PATH   0x7f000001 /* 127.0.0.1 */
#define SECOND_PATH  0x7f000002 /* 127.0.0.2 */
#define JOIN_SECONDS 10

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

static int mptcp_socket(void)
{
	struct timeval patience = {.tv_sec = JOIN_SECONDS};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	require(fd >= 0, "no MPTCP socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

/* From now on, connections of this namespace get a second path from this address. 0 or a negative errno. */
static int add_endpoint(uint32_t address)
{
	const uint16_t family = AF_INET;
	const uint32_t flags = MPTCP_PM_ADDR_FLAG_SUBFLOW, there = htonl(address);
	const uint8_t id = 2;
	struct netlink_message message;
	struct nlattr *nested;
	int number = netlink_family(MPTCP_PM_NAME);

	if (number < 0)
		return number;
	netlink_begin_generic(&message, number, MPTCP_PM_CMD_ADD_ADDR, MPTCP_PM_VER);
	nested = netlink_put_attribute(&message, MPTCP_PM_ATTR_ADDR, NULL, 0);
	netlink_put_attribute(&message, MPTCP_PM_ADDR_ATTR_FAMILY, &family, sizeof(family));
	netlink_put_attribute(&message, MPTCP_PM_ADDR_ATTR_ID, &id, sizeof(id));
	netlink_put_attribute(&message, MPTCP_PM_ADDR_ATTR_ADDR4, &there, sizeof(there));
	netlink_put_attribute(&message, MPTCP_PM_ADDR_ATTR_FLAGS, &flags, sizeof(flags));
	netlink_end_attribute(&message, nested);
	return netlink_ask(NETLINK_GENERIC, &message, NULL);
}

/* How many paths each side may add: some kernels begin with none. */
static int allow_paths(uint32_t count)
{
	struct netlink_message message;
	int number = netlink_family(MPTCP_PM_NAME);

	if (number < 0)
		return number;
	netlink_begin_generic(&message, number, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER);
	netlink_put_attribute(&message, MPTCP_PM_ATTR_SUBFLOWS, &count, sizeof(count));
	netlink_put_attribute(&message, MPTCP_PM_ATTR_RCV_ADD_ADDRS, &count, sizeof(count));
	return netlink_ask(NETLINK_GENERIC, &message, NULL);
}

/* Of the namespace; -1 when it does not say. */
static int setting(const char *name)
{
	char path[128];
	FILE *file;
	int value = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/mptcp/%s", name);
	file = fopen(path, "re");
	if (file && fscanf(file, "%d", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

static bool is_second_path(const struct change *change)
{
	struct in_addr address;

	memcpy(&address, change->tuple.laddr, sizeof(address));
	return change->tuple.ip_version == 4 && address.s_addr == htonl(SECOND_PATH) &&
	       change->tuple.rport == SERVER_PORT;
}

/* Both sides of the second path are established. */
static bool has_joined(void)
{
	FILE *file = fopen("/proc/self/net/tcp", "re");
	char line[512];
	int ends = 0;

	while (file && fgets(line, sizeof(line), file)) {
		unsigned int local, lport, remote, rport, state;

		if (sscanf(line, " %*[^:]: %x:%x %x:%x %x", &local, &lport, &remote, &rport, &state) == 5 &&
		    state == state_number("ESTABLISHED") &&
		    (local == htonl(SECOND_PATH) || remote == htonl(SECOND_PATH)))
			ends++;
	}
	if (file)
		fclose(file);
	return ends == 2;
}

static int listen_mptcp(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(SERVER_PORT), .sin_addr.s_addr = htonl(FIRST_PATH)};
	int fd = mptcp_socket();

	require(!bind(fd, (const struct sockaddr *)&address, sizeof(address)) && !listen(fd, 16), "cannot listen");
	return fd;
}

static void client_process(int channel, void *context)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(SERVER_PORT), .sin_addr.s_addr = htonl(FIRST_PATH)};
	int fd = mptcp_socket();

	(void)context;
	channel_receive(channel, NULL);
	require(!connect(fd, (const struct sockaddr *)&address, sizeof(address)), "cannot connect");
	/* The second path is opened once both sides have seen data: after the accept(), which shows the owner. */
	channel_receive(channel, NULL);
	send_byte(fd);
	receive_byte(fd);
	channel_receive(channel, NULL);
	close(fd);
}

static void worker_process(int channel, void *context)
{
	int server = accept_from(*(const int *)context);

	channel_send(channel, 0, -1);
	receive_byte(server);
	send_byte(server);
	receive_end(server);
	close(server);
}

/* One connection with two paths. */
struct scene {
	struct helper client, worker;
	int listener;
};

static void begin(struct scene *scene)
{
	uint64_t deadline = now_ns() + JOIN_SECONDS * NS_PER_SEC;

	scene->listener = listen_mptcp();
	scene->worker = helper_start("tv-worker", worker_process, &scene->listener);
	channel_send(scene->client.channel, 0, -1);
	channel_receive(scene->worker.channel, NULL);
	channel_send(scene->client.channel, 0, -1);
	while (!has_joined() && now_ns() < deadline)
		sleep_ms(2);
	require(has_joined(), "the kernel has not opened the second path in %d s", JOIN_SECONDS);
}

static void end(struct scene *scene)
{
	const uint16_t port = SERVER_PORT;

	channel_send(scene->client.channel, 0, -1);
	helper_wait(&scene->worker);
	close(scene->listener);
	helper_wait(&scene->client);
	settle(&port, 1);
}

/* Each row of it, from its beginning on. */
static void expect_second_path(const struct run *run, const struct helper *client)
{
	bool begun = false;
	size_t count = 0;

	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];

		if (!is_second_path(&row->change))
			continue;
		count++;
		begun |= row->change.newstate == state_number("SYN_SENT");
		require(row->pid == client->pid && (!strcmp(row->owner, "connect") || !strcmp(row->owner, "use")),
			"the second path is of %s, %d, \"%s\", not of %d: %s", row->owner, row->pid, row->comm,
			client->pid, change_text(&row->change));
	}
	require(begun || run->losses.lost || run->pairing.hidden, "no row for the beginning of the second path");
	print_message("second path: %zu rows\n", count);
}

/*
 * No program accepts a second path: on the server's side it is the listener's while it comes in, and then belongs to
 * the process that accepted the first one, where that is seen. Where it is not, MPTCP reads from both by itself.
 */
static void expect_unaccepted(const struct row *row, const struct helper *worker)
{
	bool is_coming = row->change.newstate == state_number("SYN_RECV"), is_seen, is_accepted;
	struct in_addr remote;

	memcpy(&remote, row->change.tuple.raddr, sizeof(remote));
	if (remote.s_addr != htonl(SECOND_PATH))
		return;
	is_seen = !strcmp(owners_of_accepted(), "accept");
	is_accepted = row->pid == worker->pid && !strcmp(row->owner, "accept");
	/* Before 6.15 that row is held back until the next one. */
	require((is_seen && is_accepted) ||
			((!is_seen || is_coming) && row->pid == getpid() && !strcmp(row->owner, "listener")),
		"the server's end of the second path is of %d, \"%s\": %s", row->pid, row->owner,
		change_text(&row->change));
}

/* The server's side, and the first path's both, have processes for owners as always. */
static void expect_the_rest(const struct run *run, const struct helper *client, const struct helper *worker)
{
	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];

		if (row->change.tuple.lport == SERVER_PORT) {
			require(row->pid == getpid() || row->pid == worker->pid,
				"the server's row is of %d (%s, %s): %s", row->pid, row->comm, row->owner,
				change_text(&row->change));
			expect_unaccepted(row, worker);
		} else if (row->change.tuple.rport == SERVER_PORT && !is_second_path(&row->change)) {
			require(row->pid == client->pid, "the client's row is of %d (%s, %s): %s", row->pid, row->comm,
				row->owner, change_text(&row->change));
		}
	}
}

static void need_mptcp(void)
{
	if (access("/proc/sys/net/mptcp", F_OK))
		skip_because("no /proc/sys/net/mptcp: this kernel has no MPTCP (CONFIG_MPTCP)");
}

/* Enters a namespace whose connections get a second path, and starts the client there. */
static void open_scene(struct scene *scene)
{
	const char *why_not = netns_enter(&netns);
	int error;

	if (why_not)
		skip_because("%s", why_not);
	error = setting("enabled") == 1 ? allow_paths(2) : -EOPNOTSUPP;
	if (!error)
		error = add_endpoint(SECOND_PATH);
	if (error)
		skip_because("the kernel's path manager takes no endpoint: %s", strerror(-error));
	scene->client = helper_start("tv-client", client_process, NULL);
}

static void join_with(void **state, const char *const *args)
{
	struct run *run = *state;
	struct scene scene;

	need_mptcp();
	run_start(run, args);
	open_scene(&scene);
	begin(&scene);
	end(&scene);
	run_stop(run);
	run_account(run, 0, NULL);
	tool_expect_success(&run->base.tools[0]);
	expect_second_path(run, &scene.client);
	if (!args)
		expect_the_rest(run, &scene.client, &scene.worker);
}

static void test_second_path(void **state)
{
	join_with(state, NULL);
}

static void test_second_path_hash(void **state)
{
	join_with(state, (const char *const[]){"--storage", "hash", NULL});
}

/* Both paths are older than the tool: the second one's owner is the client or unknown, and never the kernel. */
static void test_older_paths(void **state)
{
	struct run *run = *state;
	struct scene scene;
	size_t count = 0;

	need_mptcp();
	open_scene(&scene);
	begin(&scene);
	run_start(run, NULL);
	end(&scene);
	run_stop(run);
	run_account(run, 0, NULL);
	tool_expect_success(&run->base.tools[0]);
	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];

		if (!is_second_path(&row->change))
			continue;
		count++;
		require(!strcmp(row->owner, "unknown") || row->pid == scene.client.pid,
			"the second path is of %s, %d, \"%s\": %s", row->owner, row->pid, row->comm,
			change_text(&row->change));
	}
	require(count || run->losses.lost || run->pairing.hidden, "no row of the second path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_older_paths, leave),
		cmocka_unit_test_teardown(test_second_path, leave),
		cmocka_unit_test_teardown(test_second_path_hash, leave),
	};

	return cmocka_run_group_tests_name("kernel_owner", tests, run_group_setup, run_group_teardown);
}
