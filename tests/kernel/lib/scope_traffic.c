/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "scope_traffic.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "netns.h"
#include "require.h"
#include "traffic.h"

struct scope_traffic scope_traffic;

/* The sockets that will listen, bound before the processes begin; one port where nobody does. */
static int listener_v4 = -1, listener_v6 = -1, refusing = -1;

static void become(uid_t uid)
{
	require(!setresuid(uid, uid, uid), "cannot become %u", uid);
}

/* Listens for both, and accepts from one. */
static void server_process(int channel, void *context)
{
	int fd;

	(void)context;
	cgroup_join(&scope_traffic.service);
	channel_receive(channel, NULL);
	require(!listen(listener_v4, 16) && !listen(listener_v6, 16), "cannot listen");
	channel_send(channel, 0, -1);
	fd = accept_from(listener_v4);
	channel_send(channel, 0, -1);
	receive_byte(fd);
	receive_end(fd);
	close(fd);
	channel_receive(channel, NULL);
	shutdown(listener_v4, SHUT_RDWR);
	shutdown(listener_v6, SHUT_RDWR);
}

/* Accepts from the other, as another user in another cgroup. */
static void worker_process(int channel, void *context)
{
	int fd;

	(void)context;
	cgroup_join(&scope_traffic.inner);
	become(STRANGER);
	channel_receive(channel, NULL);
	fd = accept_from(listener_v6);
	receive_byte(fd);
	close(fd);
}

static void alpha_process(int channel, void *context)
{
	int fd;

	(void)context;
	cgroup_join(&scope_traffic.outer);
	channel_receive(channel, NULL);
	fd = connect_to(IPV4, scope_traffic.port_v4);
	send_byte(fd);
	sleep_ms(HELD_MS);
	channel_receive(channel, NULL);
	close(fd);
}

static void beta_process(int channel, void *context)
{
	int fd;

	(void)context;
	cgroup_join(&scope_traffic.inner);
	become(STRANGER);
	channel_receive(channel, NULL);
	fd = connect_to(IPV6, scope_traffic.port_v6);
	send_byte(fd);
	receive_end(fd);
	close(fd);
	fd = client_socket(IPV4);
	require(connect_socket(fd, IPV4, scope_traffic.port_refusing) == -ECONNREFUSED, "not refused");
	close(fd);
}

/* In a network namespace of its own, where it is both ends. */
static void apart_process(int channel, void *context)
{
	struct netns netns;
	const char *why = netns_enter(&netns);
	int listener, client, fd;

	(void)context;
	require(!why, "%s", why);
	channel_send(channel, 0, -1);
	channel_receive(channel, NULL);
	listener = listen_at(IPV4, scope_traffic.port_apart);
	client = connect_to(IPV4, scope_traffic.port_apart);
	fd = accept_from(listener);
	send_byte(client);
	receive_byte(fd);
	abort_socket(client);
	receive_reset(fd);
	close(fd);
	close(listener);
	settle(&scope_traffic.port_apart, 1);
}

void scope_traffic_begin(void)
{
	struct stat stat_buffer;
	char path[128];

	need_machine("netns");
	cgroup_make(&scope_traffic.outer, NULL, "outer.slice");
	snprintf(path, sizeof(path), CONTAINER_FORMAT, getpid());
	cgroup_make(&scope_traffic.inner, &scope_traffic.outer, path);
	cgroup_make(&scope_traffic.service, NULL, "service.service");
	listener_v4 = reserve_port(IPV4, &scope_traffic.port_v4);
	listener_v6 = reserve_port(IPV6, &scope_traffic.port_v6);
	refusing = reserve_port(IPV4, &scope_traffic.port_refusing);
	close(reserve_port(IPV4, &scope_traffic.port_apart));
	scope_traffic.server = helper_start("tv-server", server_process, NULL);
	scope_traffic.worker = helper_start("tv-worker", worker_process, NULL);
	scope_traffic.alpha = helper_start("tv-alpha", alpha_process, NULL);
	scope_traffic.beta = helper_start("tv-beta", beta_process, NULL);
	scope_traffic.apart = helper_start("apart", apart_process, NULL);
	channel_receive(scope_traffic.apart.channel, NULL);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", scope_traffic.apart.pid);
	require(!stat(path, &stat_buffer), "no %s", path);
	scope_traffic.apart_netns = stat_buffer.st_ino;
	/* The listeners are the processes' now, and go with them. */
	close(listener_v4);
	close(listener_v6);
	listener_v4 = listener_v6 = -1;
}

void scope_traffic_make(void)
{
	const uint16_t ports[] = {scope_traffic.port_v4, scope_traffic.port_v6, scope_traffic.port_refusing};

	channel_send(scope_traffic.server.channel, 0, -1);
	channel_receive(scope_traffic.server.channel, NULL);
	channel_send(scope_traffic.worker.channel, 0, -1);
	channel_send(scope_traffic.alpha.channel, 0, -1);
	/* A FIN beside the accept() would find its result in one tool and not yet in the other. */
	channel_receive(scope_traffic.server.channel, NULL);
	channel_send(scope_traffic.alpha.channel, 0, -1);
	helper_wait(&scope_traffic.alpha);
	channel_send(scope_traffic.beta.channel, 0, -1);
	helper_wait(&scope_traffic.beta);
	helper_wait(&scope_traffic.worker);
	channel_send(scope_traffic.server.channel, 0, -1);
	helper_wait(&scope_traffic.server);
	channel_send(scope_traffic.apart.channel, 0, -1);
	helper_wait(&scope_traffic.apart);
	close(refusing);
	refusing = -1;
	settle(ports, 3);
}

void scope_traffic_end(void)
{
	int *const sockets[] = {&listener_v4, &listener_v6, &refusing};

	for (size_t i = 0; i < 3; i++) {
		if (*sockets[i] >= 0)
			close(*sockets[i]);
		*sockets[i] = -1;
	}
	cgroup_remove(&scope_traffic.inner);
	cgroup_remove(&scope_traffic.outer);
	cgroup_remove(&scope_traffic.service);
}
