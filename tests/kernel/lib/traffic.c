/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "require.h"
#include "state.h"

/* A guest was seen to stand still for 10 s. */
#define PATIENCE_MS 30000

/* Below what Linux lets connect() choose from. */
#define FIRST_PORT        10000
#define LAST_PORT         32000
#define PORTS_PER_PROCESS 97

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static const struct {
	const char *name;
	int server_family, client_family;
	const char *server_address, *client_address;
} flavours[FLAVOURS] = {
	[IPV4] = {"IPv4", AF_INET, AF_INET, "127.0.0.1", "127.0.0.1"},
	[IPV6] = {"IPv6", AF_INET6, AF_INET6, "::1", "::1"},
	[IPV4_TO_DUAL_STACK] = {"IPv4 to dual stack", AF_INET6, AF_INET, "::", "127.0.0.1"},
	[MAPPED_TO_IPV4] = {"mapped to IPv4", AF_INET, AF_INET6, "127.0.0.1", "::ffff:127.0.0.1"},
};

const char *flavour_name(enum flavour flavour)
{
	return flavours[flavour].name;
}

static socklen_t make_address(union address *address, int family, const char *text, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	address->any.sa_family = (sa_family_t)family;
	if (family == AF_INET6) {
		address->v6.sin6_port = htons(port);
		inet_pton(AF_INET6, text, &address->v6.sin6_addr);
		return sizeof(address->v6);
	}
	address->v4.sin_port = htons(port);
	inet_pton(AF_INET, text, &address->v4.sin_addr);
	return sizeof(address->v4);
}

static int tcp_socket(int family)
{
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int no = 0;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		skip_because("this kernel has no IPv6");
	require(fd >= 0, "no socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	return fd;
}

/* 0 or -EADDRINUSE; anything else fails or skips the test. */
static int bind_socket(int fd, int family, const char *text, uint16_t port)
{
	union address address;
	socklen_t length = make_address(&address, family, text, port);

	if (!bind(fd, &address.any, length))
		return 0;
	if (errno == EADDRNOTAVAIL)
		skip_because("%s is not there", text);
	require(errno == EADDRINUSE, "cannot bind to %s, port %u", text, port);
	return -EADDRINUSE;
}

static int bound_socket(int family, const char *text, uint16_t port)
{
	int fd = tcp_socket(family), yes = 1;

	/* A port of the test's choice may be in TIME_WAIT since the last time. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	require(!bind_socket(fd, family, text, port), "%s, port %u is in use", text, port);
	return fd;
}

/*
 * Not bind(0): a port shall not come twice in a test, nor be one that connect() chooses. Each process has a range of
 * its own to begin with.
 */
static uint16_t next_port(void)
{
	static pid_t pid;
	static unsigned int next;

	if (pid != getpid()) {
		pid = getpid();
		next = (unsigned int)pid * PORTS_PER_PROCESS;
	}
	return (uint16_t)(FIRST_PORT + next++ % (LAST_PORT - FIRST_PORT));
}

int reserve_port(enum flavour flavour, uint16_t *ret_port)
{
	int family = flavours[flavour].server_family;
	int fd = tcp_socket(family);
	uint16_t port;

	do
		port = next_port();
	while (bind_socket(fd, family, flavours[flavour].server_address, port));
	*ret_port = port;
	return fd;
}

int listen_on(enum flavour flavour, uint16_t *ret_port)
{
	int fd = reserve_port(flavour, ret_port);

	require(!listen(fd, 4096), "cannot listen");
	return fd;
}

int listen_at(enum flavour flavour, uint16_t port)
{
	int fd = bound_socket(flavours[flavour].server_family, flavours[flavour].server_address, port);

	require(!listen(fd, 16), "cannot listen");
	return fd;
}

int client_socket(enum flavour flavour)
{
	return tcp_socket(flavours[flavour].client_family);
}

int client_socket_at(enum flavour flavour, uint16_t port)
{
	return bound_socket(flavours[flavour].client_family, flavours[flavour].client_address, port);
}

int connect_socket(int fd, enum flavour flavour, uint16_t port)
{
	union address address;
	socklen_t length =
		make_address(&address, flavours[flavour].client_family, flavours[flavour].client_address, port);

	return connect(fd, &address.any, length) ? -errno : 0;
}

int disconnect_socket(int fd)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	return connect(fd, &nowhere, sizeof(nowhere)) ? -errno : 0;
}

int connect_to(enum flavour flavour, uint16_t port)
{
	int fd = client_socket(flavour);
	int error = connect_socket(fd, flavour, port);

	require(!error, "cannot connect to port %u: %s", port, strerror(-error));
	return fd;
}

int accept_once(int listener)
{
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 && errno == EAGAIN)
		return fd;
	require(fd >= 0, "no connection came");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

int accept_from(int listener)
{
	struct timeval moment = {.tv_sec = 1};
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;
	int fd;

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	while ((fd = accept_once(listener)) < 0)
		require(now_ns() < deadline, "no connection came");
	return fd;
}

uint16_t local_port(int fd)
{
	union address address;
	socklen_t length = sizeof(address);

	require(!getsockname(fd, &address.any, &length), "no local address");
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

void send_byte(int fd)
{
	require(send(fd, "x", 1, MSG_NOSIGNAL) == 1, "cannot send");
}

void receive_byte(int fd)
{
	char byte;

	require(recv(fd, &byte, 1, 0) == 1, "no byte came");
}

void await_byte(int fd)
{
	char byte;

	require(recv(fd, &byte, 1, MSG_PEEK) == 1, "no byte came");
}

void await_connection(int listener)
{
	require(poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, PATIENCE_MS) == 1, "no connection came");
}

void exchange_bytes(int client, int server, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		send_byte(client);
		receive_byte(server);
		send_byte(server);
		receive_byte(client);
	}
}

void allow_descriptors(size_t count)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = count + 100;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		skip_because("cannot have %zu descriptors", count);
}

void receive_end(int fd)
{
	char byte;

	require(recv(fd, &byte, 1, 0) == 0, "the other side did not close");
}

void receive_reset(int fd)
{
	char byte;

	require(recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET, "the other side did not reset");
}

void wait_for_state(int fd, const char *state)
{
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;
	struct tcp_info info;

	for (;;) {
		socklen_t length = sizeof(info);

		require(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), "no TCP_INFO");
		if (info.tcpi_state == state_number(state))
			break;
		require(now_ns() < deadline, "the socket is in %s, not in %s", state_name(info.tcpi_state), state);
		sleep_ms(1);
	}
}

void set_option(int fd, int level, int option, int value)
{
	require(!setsockopt(fd, level, option, &value, sizeof(value)), "no such option: %d", option);
}

void linger_zero(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	require(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), "no SO_LINGER");
}

void abort_socket(int fd)
{
	linger_zero(fd);
	close(fd);
}

/* One that is not in TIME_WAIT, from /proc/net/tcp or tcp6. */
static bool a_socket_lives(const char *path, const uint16_t *ports, size_t count)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool lives = false;

	while (file && !lives && fgets(line, sizeof(line), file)) {
		unsigned int lport, rport, state;
		struct tuple tuple;

		if (sscanf(line, " %*[^:]: %*[^:]:%x %*[^:]:%x %x", &lport, &rport, &state) != 3)
			continue;
		tuple.lport = (uint16_t)lport;
		tuple.rport = (uint16_t)rport;
		/* A reserved port is in CLOSE. */
		lives = state != state_number("TIME_WAIT") && state != state_number("CLOSE") &&
			tuple_has_port(&tuple, ports, count);
	}
	if (file)
		fclose(file);
	return lives;
}

void settle(const uint16_t *ports, size_t count)
{
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;

	while (a_socket_lives("/proc/self/net/tcp", ports, count) ||
	       a_socket_lives("/proc/self/net/tcp6", ports, count)) {
		require(now_ns() < deadline, "a connection of the test does not end");
		sleep_ms(1);
	}
}
