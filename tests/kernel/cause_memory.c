/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An end for lack of memory: more orphans than net.ipv4.tcp_max_orphans, which limits the whole machine. */
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ends.h"
#include "lib/guest.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

#define MAX_ORPHANS "/proc/sys/net/ipv4/tcp_max_orphans"

/* The kernel counts orphans ten times a second (tcp_orphan_update()); before 5.16, on each CPU only when there are 32.
 */
#define COUNTED_MS 300
#define ORPHANS    70

static char max_orphans[32];

static void write_max_orphans(const char *text)
{
	FILE *file = fopen(MAX_ORPHANS, "we");

	require(file && fputs(text, file) >= 0 && !fclose(file), "cannot write %s to " MAX_ORPHANS, text);
}

static int leave(void **state)
{
	if (max_orphans[0])
		write_max_orphans(max_orphans);
	return run_teardown(state);
}

static void remember_max_orphans(void)
{
	FILE *file = fopen(MAX_ORPHANS, "re");

	require(file && fgets(max_orphans, sizeof(max_orphans), file), "cannot read " MAX_ORPHANS);
	fclose(file);
}

/* Buffers that are soon full: seventy connections with usual ones would take the memory that all of TCP may have. */
static int listen_with_little_room(uint16_t *port)
{
	int fd = listen_on(IPV4, port);

	set_option(fd, SOL_SOCKET, SO_RCVBUF, 1);
	return fd;
}

static void fill(int fd)
{
	static const char data[65536];
	int waiting = 0;

	while (send(fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	require(!ioctl(fd, SIOCOUTQ, &waiting) && waiting, "the other side took everything");
}

/* With more to send than the other side takes, so that it stays in FIN_WAIT1 once it is closed. */
static int connect_and_fill(uint16_t port)
{
	int fd = connect_to(IPV4, port);

	set_option(fd, SOL_SOCKET, SO_SNDBUF, 1);
	fill(fd);
	return fd;
}

static void test_too_many_orphans(void **state)
{
	struct run *run = *state;
	uint16_t port, other_port;
	int listener, server, client, others[ORPHANS], other_listener;

	if (!is_guest())
		skip_because("it would end other programs' connections on this machine: in guests only");
	remember_max_orphans();
	run_start(run, NULL);
	other_listener = listen_with_little_room(&other_port);
	for (int i = 0; i < ORPHANS; i++) {
		close(connect_and_fill(other_port));
		others[i] = accept_from(other_listener);
	}
	listener = listen_with_little_room(&port);
	client = connect_and_fill(port);
	server = accept_from(listener);
	sleep_ms(COUNTED_MS);
	fill(client); /* there may be room again, by an acknowledgement that came late */

	write_max_orphans("0");
	close(client);
	write_max_orphans(max_orphans);
	close(server);
	close(listener);
	for (int i = 0; i < ORPHANS; i++)
		close(others[i]);
	close(other_listener);
	settle((const uint16_t[]){port, other_port}, 2);
	ends_check(run, port,
		   ENDS({ENDS_CLIENT, "FIN_WAIT1", "out-of-memory"}, {ENDS_SERVER, "ESTABLISHED", "reset-received"},
			{ENDS_LISTENER, "LISTEN", "closed"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_too_many_orphans, leave)};

	return cmocka_run_group_tests_name("cause_memory", tests, run_group_setup, run_group_teardown);
}
