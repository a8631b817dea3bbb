/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * More sockets than the hash has room for (--hash-size), without socket storage. Every row is present. Rows of sockets
 * without an entry have no owner and no duration, and are counted. The sockets are listeners, which cost the least: one
 * row at the beginning, and one at the end.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/guest.h"
#include "lib/helper.h"
#include "lib/netns.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

#define HASH_ENTRIES 4096
#define HASH_SIZE    "4096"
#define FILLERS      4
#define FILL_EACH    (HASH_ENTRIES / FILLERS + 16) /* no entry is free then, even if somebody else's sockets end */
#define FILL_PORT    10000
#define FILL_PORTS   500
#define LATE         1000
#define LATE_PORT    50000
#define AGAIN        10
#define AGAIN_PORT   60000
#define TURNERS      2

static struct netns netns = {.home = -1};

static int leave(void **state)
{
	netns_leave(&netns);
	return run_teardown(state);
}

static int listener_at(uint32_t host, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	require(fd >= 0, "no socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	require(!bind(fd, (const struct sockaddr *)&address, sizeof(address)), "cannot bind to port %u", port);
	require(!listen(fd, 1), "cannot listen");
	return fd;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/* Opens its share. Closes as many as it is told to, again and again, and in the end what is left. */
static void filler_process(int channel, void *context)
{
	uint32_t network = 0x7f010000 | *(const uint32_t *)context << 8; /* 127.1.N.0 */
	int *fds = allocate(FILL_EACH * sizeof(*fds));
	size_t closed = 0;

	allow_descriptors(FILL_EACH);
	for (size_t i = 0; i < FILL_EACH; i++)
		fds[i] = listener_at(network + 1 + (uint32_t)(i / FILL_PORTS), (uint16_t)(FILL_PORT + i % FILL_PORTS));
	channel_send(channel, 0, -1);
	while (closed < FILL_EACH) {
		size_t count = (size_t)channel_receive(channel, NULL);

		count = count < FILL_EACH - closed ? count : FILL_EACH - closed;
		close_all(fds + closed, count);
		closed += count;
		channel_send(channel, 0, -1);
	}
}

/* Opens as many as it is told to, from a port that it is told, and closes them when told to. Ends at 0. */
static void late_process(int channel, void *context)
{
	int fds[LATE];
	size_t count;

	(void)context;
	allow_descriptors(LATE);
	while ((count = (size_t)channel_receive(channel, NULL))) {
		uint16_t port = (uint16_t)channel_receive(channel, NULL);

		for (size_t i = 0; i < count; i++)
			fds[i] = listener_at(0x7f020001 /* 127.2.0.1 */, (uint16_t)(port + i));
		channel_send(channel, 0, -1);
		channel_receive(channel, NULL);
		close_all(fds, count);
		channel_send(channel, 0, -1);
	}
}

/* One after the other, each on a port of its own, which tells their rows apart. */
static void turner_process(int channel, void *context)
{
	uint32_t host = 0x7f020002 /* 127.2.0.2 */ + *(const uint32_t *)context;
	size_t count = (size_t)channel_receive(channel, NULL);

	for (size_t i = 0; i < count; i++)
		close(listener_at(host, (uint16_t)(LATE_PORT + i)));
}

struct crowd {
	struct helper fillers[FILLERS];
	struct helper late;
	struct helper turners[TURNERS];
};

/* The tool traces, and its hash is full. */
static void crowd_begin(struct run *run, struct crowd *crowd)
{
	const char *why_not;

	run->no_bracket = true;
	run_start(run, (const char *const[]){"--storage", "hash", "--hash-size", HASH_SIZE, "--strict", NULL});
	why_not = netns_enter(&netns);
	if (why_not)
		skip_because("%s", why_not);
	crowd->late = helper_start("tv-late", late_process, NULL);
	for (uint32_t i = 0; i < TURNERS; i++)
		crowd->turners[i] = helper_start("tv-late", turner_process, &i);
	for (uint32_t i = 0; i < FILLERS; i++)
		crowd->fillers[i] = helper_start("tv-filler", filler_process, &i);
	for (size_t i = 0; i < FILLERS; i++)
		channel_receive(crowd->fillers[i].channel, NULL);
}

static void start_closing(const struct helper *filler, int count)
{
	channel_send(filler->channel, count, -1);
}

static void crowd_leave(struct crowd *crowd)
{
	for (size_t i = 0; i < FILLERS; i++)
		start_closing(&crowd->fillers[i], FILL_EACH);
	for (size_t i = 0; i < FILLERS; i++)
		helper_wait(&crowd->fillers[i]);
}

static void start_opening(const struct crowd *crowd, int count, uint16_t port)
{
	channel_send(crowd->late.channel, count, -1);
	channel_send(crowd->late.channel, port, -1);
}

static void close_late(const struct crowd *crowd)
{
	channel_receive(crowd->late.channel, NULL);
	channel_send(crowd->late.channel, 0, -1);
	channel_receive(crowd->late.channel, NULL);
}

static void turn(struct crowd *crowd, int count)
{
	for (size_t i = 0; i < TURNERS; i++)
		channel_send(crowd->turners[i].channel, count, -1);
	for (size_t i = 0; i < TURNERS; i++)
		helper_wait(&crowd->turners[i]);
}

static void crowd_end(struct run *run, struct crowd *crowd)
{
	channel_send(crowd->late.channel, 0, -1);
	helper_wait(&crowd->late);
	netns_leave(&netns);
	run_stop(run);
	run_account(run, 0, NULL);
	require(run->pairing.due >= 2 * FILLERS * FILL_EACH, "only %zu transitions", run->pairing.due);
	/* Rows without owner and duration are printed: nothing for --strict to complain about. */
	require(tool_exit_code(&run->base.tools[0]) == (run->losses.lost ? 3 : 0) || run->pairing.hidden,
		"the tool ended with %d: %s", tool_exit_code(&run->base.tools[0]), tool_errors(&run->base.tools[0]));
}

static bool is_unknown(const struct row *row)
{
	return row->pid < 0 && !row->has_comm && !row->has_duration;
}

/* Sockets that found no entry take those of the ones whose listen() was lost, while there are enough of them. */
static bool was_full(const struct run *run)
{
	return run->losses.lost < FILLERS * FILL_EACH - HASH_ENTRIES;
}

/* From the last line of stderr. */
static uint64_t counted_as_unstored(const struct run *run)
{
	const char *errors = tool_errors(&run->base.tools[0]), *line = errors, *at, *number;

	for (at = errors; (at = strstr(at, ": lost ")); at++)
		line = at;
	at = strstr(line, " rows are without owner and duration");
	require(at || !was_full(run), "not a word about what is not known: %s", line);
	if (!at)
		return 0;
	for (number = at; number > line && number[-1] >= '0' && number[-1] <= '9'; number--)
		;
	return strtoull(number, NULL, 10);
}

/* The last line counts these rows, and no others. */
static void expect_count(const struct run *run)
{
	uint64_t counted = counted_as_unstored(run), least = 0, most = 0;

	for (const struct row *row = run->rows.items, *end = row + run->rows.count; row < end; row++) {
		if (!is_unknown(row))
			continue;
		most++;
		/* listen() and a listener's close() would have told the owner, had there been room for it. Sockets of
		 * others may have reasons of their own. */
		if (row->netns == netns.inode)
			least++;
	}
	print_message("%" PRIu64 " rows are without owner and duration, of this test %" PRIu64 "\n", counted, least);
	require(counted >= least && counted <= most, "%" PRIu64 " are counted, but %" PRIu64 " to %" PRIu64 " are so",
		counted, least, most);
}

static size_t unknown_from(const struct run *run, uint16_t port, size_t ports, size_t *ret_known)
{
	size_t unknown = 0;

	*ret_known = 0;
	for (const struct row *row = run->rows.items, *end = row + run->rows.count; row < end; row++) {
		if (row->netns != netns.inode || row->change.tuple.lport < port ||
		    row->change.tuple.lport >= port + ports)
			continue;
		if (is_unknown(row))
			unknown++;
		else
			(*ret_known)++;
	}
	return unknown;
}

/* Known values are true. */
static void expect_true_owners(const struct run *run, const struct crowd *crowd)
{
	for (const struct row *row = run->rows.items, *end = row + run->rows.count; row < end; row++) {
		bool late = row->change.tuple.lport >= LATE_PORT, true_pid = late && row->pid == crowd->late.pid;

		if (row->netns != netns.inode || is_unknown(row))
			continue;
		for (size_t i = 0; i < FILLERS; i++)
			true_pid |= !late && row->pid == crowd->fillers[i].pid;
		for (size_t i = 0; i < TURNERS; i++)
			true_pid |= late && row->pid == crowd->turners[i].pid;
		require(true_pid && !strcmp(row->comm, late ? "tv-late" : "tv-filler"), "not the owner: %d, \"%s\": %s",
			row->pid, row->comm, change_text(&row->change));
	}
}

static void test_full(void **state)
{
	struct run *run = *state;
	struct crowd crowd;
	size_t known, unknown;

	crowd_begin(run, &crowd);
	start_opening(&crowd, LATE, LATE_PORT);
	close_late(&crowd);
	turn(&crowd, 0);
	crowd_leave(&crowd);
	start_opening(&crowd, AGAIN, AGAIN_PORT);
	close_late(&crowd);
	crowd_end(run, &crowd);

	expect_count(run);
	expect_true_owners(run, &crowd);
	unknown = unknown_from(run, LATE_PORT, LATE, &known);
	require(known <= 32 || !was_full(run) || run->pairing.hidden,
		"%zu rows of sockets for which there was no room know their owner", known);
	require(unknown + known == 2 * LATE || run->losses.lost || run->pairing.hidden, "%zu rows of %d late sockets",
		unknown + known, LATE);
	unknown = unknown_from(run, FILL_PORT, FILL_PORTS, &known);
	require(known >= 2 * HASH_ENTRIES - 200 || run->losses.lost || run->pairing.hidden,
		"only %zu rows know their owner", known);
	unknown = unknown_from(run, AGAIN_PORT, AGAIN, &known);
	require(!unknown, "%zu rows are without owner where there is room again", unknown);
}

/* One entry is free, and two processes on two CPUs take it from each other. */
static void test_almost_full(void **state)
{
	struct run *run = *state;
	struct crowd crowd;

	crowd_begin(run, &crowd);
	start_closing(&crowd.fillers[0], 1);
	channel_receive(crowd.fillers[0].channel, NULL);
	turn(&crowd, is_guest() ? 500 : 3000);
	crowd_leave(&crowd);
	crowd_end(run, &crowd);

	expect_count(run);
	expect_true_owners(run, &crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_full, leave),
		cmocka_unit_test_teardown(test_almost_full, leave),
	};

	return cmocka_run_group_tests_name("full_hash", tests, run_group_setup, run_group_teardown);
}
