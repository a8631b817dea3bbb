/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>

#include <linux/ipv6.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "require.h"

#define PATIENCE_MS 10000

struct rtt_pair rtt_pair_open_on(enum flavour flavour, int reserved, uint16_t port)
{
	struct rtt_pair pair = {.listener = reserved, .port = port};

	require(!listen(pair.listener, 4096), "cannot listen");
	pair.client = connect_to(flavour, pair.port);
	pair.server = accept_from(pair.listener);
	pair.client_port = local_port(pair.client);
	return pair;
}

struct rtt_pair rtt_pair_open(enum flavour flavour)
{
	uint16_t port;
	int reserved = reserve_port(flavour, &port);

	return rtt_pair_open_on(flavour, reserved, port);
}

struct rtt_pair rtt_pair_open_again(enum flavour flavour, const struct rtt_pair *first)
{
	struct rtt_pair pair = {.listener = -1, .port = first->port};

	pair.client = connect_to(flavour, pair.port);
	pair.server = accept_from(first->listener);
	pair.client_port = local_port(pair.client);
	return pair;
}

static socklen_t make_address(struct sockaddr_storage *storage, const char *text, uint16_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *v4 = (struct sockaddr_in *)storage;

	memset(storage, 0, sizeof(*storage));
	if (strchr(text, ':')) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		require(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1, "%s is no address", text);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	require(inet_pton(AF_INET, text, &v4->sin_addr) == 1, "%s is no address", text);
	return sizeof(*v4);
}

static int bound_socket(const char *address, uint16_t port)
{
	struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	struct sockaddr_storage storage;
	socklen_t length = make_address(&storage, address, port);
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, no = 0;

	if (fd < 0 && errno == EAFNOSUPPORT)
		skip_because("this kernel has no IPv6");
	require(fd >= 0, "no socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (storage.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	require(!bind(fd, (struct sockaddr *)&storage, length), "cannot bind to %s, port %u", address, port);
	return fd;
}

/* The address that a client of the other family takes for the server's. */
static const char *seen_from(const char *from, const char *to, char text[64])
{
	bool from_v6 = strchr(from, ':'), to_v6 = strchr(to, ':');

	if (from_v6 == to_v6)
		return to;
	if (to_v6) /* v4-mapped */
		return strrchr(to, ':') + 1;
	snprintf(text, 64, "::ffff:%s", to);
	return text;
}

struct rtt_pair rtt_pair_open_at(const char *from, uint16_t client_port, const char *to, uint16_t port)
{
	struct rtt_pair pair = {.port = port};
	struct sockaddr_storage storage;
	char text[64];
	socklen_t length = make_address(&storage, seen_from(from, to, text), port);

	pair.listener = bound_socket(to, port);
	require(!listen(pair.listener, 16), "cannot listen");
	pair.client = bound_socket(from, client_port);
	require(!connect(pair.client, (struct sockaddr *)&storage, length), "cannot connect from %s to %s, port %u",
		from, to, port);
	pair.server = accept_from(pair.listener);
	pair.client_port = local_port(pair.client);
	return pair;
}

void rtt_exchange(const struct rtt_pair *pair, unsigned int count, unsigned int think_ms)
{
	while (count--) {
		send_byte(pair->client);
		receive_byte(pair->server);
		if (think_ms)
			sleep_ms(think_ms);
		send_byte(pair->server);
		receive_byte(pair->client);
	}
}

void rtt_exchange_mixed(const struct rtt_pair *pair, unsigned int count)
{
	static const unsigned int think_ms[] = {0, 0, 1, 0, 0, 4, 0, 12};

	for (unsigned int i = 0; i < count; i++)
		rtt_exchange(pair, 1, think_ms[i % (sizeof(think_ms) / sizeof(*think_ms))]);
}

static void close_both(struct rtt_pair *pair)
{
	close(pair->client);
	close(pair->server);
	if (pair->listener >= 0)
		close(pair->listener);
	else
		return; /* another one of this port may live */
	settle(&pair->port, 1);
}

void rtt_pair_close(struct rtt_pair *pair)
{
	require(!shutdown(pair->client, SHUT_WR), "cannot shut down");
	receive_end(pair->server);
	require(!shutdown(pair->server, SHUT_WR), "cannot shut down");
	receive_end(pair->client);
	close_both(pair);
}

void rtt_pair_reset(struct rtt_pair *pair)
{
	linger_zero(pair->client);
	close(pair->client);
	receive_reset(pair->server);
	pair->client = -1;
	close_both(pair);
}

struct tcp_info rtt_info(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	memset(&info, 0, sizeof(info));
	require(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), "no TCP_INFO");
	return info;
}

void rtt_pair_settle(const struct rtt_pair *pair)
{
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;

	while (rtt_info(pair->client).tcpi_unacked || rtt_info(pair->server).tcpi_unacked) {
		require(now_ns() < deadline, "something is never acknowledged");
		sleep_ms(1);
	}
}

void rtt_add_address(const char *address)
{
	struct ifreq device = {.ifr_name = "lo"};
	struct in6_ifreq request = {.ifr6_prefixlen = 128};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		skip_because("this kernel has no IPv6");
	require(!ioctl(fd, SIOCGIFINDEX, &device), "no loopback device");
	request.ifr6_ifindex = device.ifr_ifindex;
	inet_pton(AF_INET6, address, &request.ifr6_addr);
	require(!ioctl(fd, SIOCSIFADDR, &request), "loopback does not take %s", address);
	close(fd);
}

void rtt_set_ipv4(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	require(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), "cannot set %s", path);
	close(fd);
}
