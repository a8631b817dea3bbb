/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The addresses of churn's connections: one server on loopback, and clients that do not run out of ports. */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	socklen_t length;
};

/*
 * Opens a listener on 127.0.0.1 (AF_INET) or ::1 (AF_INET6). Port 0 is any free port. Returns the descriptor or a
 * negative errno.
 */
int endpoint_listen(int family, uint16_t port, struct endpoint *ret_server);

/* The port, host byte order. */
uint16_t endpoint_port(const struct endpoint *endpoint);

/*
 * Connects to the server. Over IPv4, `number` modulo 8192 selects one of the 8192 addresses after 127.1.0.0; over IPv6,
 * the address is ::1. Returns the descriptor or a negative errno.
 */
int endpoint_connect(const struct endpoint *server, uint32_t number);

#endif
