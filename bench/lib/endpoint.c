/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

/* So many that the ports of none run out by connections in TIME_WAIT. */
#define CLIENT_NETWORK 0x7f010000u
#define CLIENT_HOSTS   8192u

static void loopback(int family, uint16_t port, struct endpoint *ret)
{
	*ret = (struct endpoint){0};
	if (family == AF_INET6) {
		ret->address.in6.sin6_family = AF_INET6;
		ret->address.in6.sin6_port = htons(port);
		ret->address.in6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
		ret->length = sizeof(ret->address.in6);
	} else {
		ret->address.in.sin_family = AF_INET;
		ret->address.in.sin_port = htons(port);
		ret->address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		ret->length = sizeof(ret->address.in);
	}
}

int endpoint_listen(int family, uint16_t port, struct endpoint *ret_server)
{
	const int one = 1;
	struct endpoint server;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	loopback(family, port, &server);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, &server.address.sa, server.length) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, &server.address.sa, &server.length) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	*ret_server = server;
	return fd;
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
	return ntohs(endpoint->address.sa.sa_family == AF_INET6 ? endpoint->address.in6.sin6_port
								: endpoint->address.in.sin_port);
}

/* Without a port of its own until connect(), which then needs only the pair of addresses to be new. */
static int bind_client(int fd, uint32_t number)
{
	const int one = 1;
	const struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(CLIENT_NETWORK + 1 + number % CLIENT_HOSTS),
	};

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)&in, sizeof(in));
}

int endpoint_connect(const struct endpoint *server, uint32_t number)
{
	int family = server->address.sa.sa_family, error;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if ((family == AF_INET && bind_client(fd, number) < 0) ||
	    connect(fd, &server->address.sa, server->length) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}
