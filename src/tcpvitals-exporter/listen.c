/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/listen.h"

#include "os/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_WORD "unix:"
#define HOST_MAX  256

static int refuse(struct parse_error *error, const char *address, const char *why)
{
	return parse_fail(error, "address", address, strlen(address), why);
}

/* Whether a socket file is left over: nobody listens there. */
static bool is_left_over(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;

	if (fd < 0 || stat(address->sun_path, &status) || !S_ISSOCK(status.st_mode))
		return false;
	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED;
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t length)
{
	int on = 1;

	if (address->sa_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* "[::]" is for IPv6 and IPv4 alike. */
	if (address->sa_family == AF_INET6) {
		on = 0;
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	return bind(fd, address, length) || listen(fd, SOMAXCONN) ? -errno : 0;
}

static int open_unix(const char *address, struct parse_error *error)
{
	const char *path = address + strlen(UNIX_WORD);
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	int r;

	if (!*path || strlen(path) >= sizeof(local.sun_path))
		return refuse(error, address, "a path has 1 to 107 bytes");
	memcpy(local.sun_path, path, strlen(path));
	if (is_left_over(&local))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : bind_and_listen(fd, (struct sockaddr *)&local, sizeof(local));
	if (r) {
		refuse(error, address, strerror(-r));
		return r;
	}
	return TAKE_FD(fd);
}

/* Splits "HOST:PORT" and "[HOST]:PORT". Returns 0 or -EINVAL. */
static int split(const char *address, char host[HOST_MAX], const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t length = colon ? (size_t)(colon - address) : 0;

	if (!colon || !colon[1] || length >= HOST_MAX)
		return -EINVAL;
	if (length >= 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		length -= 2;
	} else if (memchr(address, ':', length)) {
		return -EINVAL; /* an IPv6 address without brackets */
	}
	memcpy(host, address, length);
	host[length] = '\0';
	*ret_port = colon + 1;
	return 0;
}

/* Listens on the first address of the list that works. Returns the descriptor or a negative errno. */
static int open_first(const struct addrinfo *addresses)
{
	int r = -EADDRNOTAVAIL;

	for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
		int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		r = fd < 0 ? -errno : bind_and_listen(fd, address->ai_addr, address->ai_addrlen);
		if (!r)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return r;
}

/* `host` is NULL for all addresses. Returns the descriptor or a negative errno. */
static int open_tcp(const char *host, const char *port, int family)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM, .ai_family = family};
	struct addrinfo *found;
	int r = getaddrinfo(host, port, &hints, &found);

	if (r)
		return r == EAI_SYSTEM ? -errno : -EADDRNOTAVAIL;
	r = open_first(found);
	freeaddrinfo(found);
	return r;
}

int listen_open(const char *address, struct parse_error *error)
{
	char host[HOST_MAX];
	const char *port;
	uint64_t number;
	int r;

	if (!strncmp(address, UNIX_WORD, strlen(UNIX_WORD)))
		return open_unix(address, error);
	if (split(address, host, &port))
		return refuse(error, address, "not HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH");
	if (parse_u64("port", port, strlen(port), 1, 65535, &number, error))
		return refuse(error, address, "the port is not a number from 1 to 65535");
	r = open_tcp(*host ? host : NULL, port, *host ? AF_UNSPEC : AF_INET6);
	/* A host may have no IPv6. */
	if (!*host && (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL))
		r = open_tcp(NULL, port, AF_INET);
	if (r < 0)
		refuse(error, address, r == -EADDRINUSE ? "in use; choose another port" : strerror(-r));
	return r;
}
