/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests and responses over connections whose two ends are both in the test. */
#ifndef TESTS_KERNEL_RTT_TRAFFIC_H
#define TESTS_KERNEL_RTT_TRAFFIC_H

#include <linux/tcp.h> /* the C library's struct tcp_info is older */

#include "traffic.h"

struct rtt_pair {
	int listener;
	int client;
	int server;
	uint16_t port; /* the server's */
	uint16_t client_port;
};

/*
 * Opens a connection over loopback. `reserved`, from reserve_port(), becomes the listener, so the test has the port
 * before the connection.
 */
struct rtt_pair rtt_pair_open_on(enum flavour flavour, int reserved, uint16_t port);

/* rtt_pair_open_on() with a free port. */
struct rtt_pair rtt_pair_open(enum flavour flavour);

/* Opens one more connection to the same server. Do not pass it to rtt_pair_close() before the first one. */
struct rtt_pair rtt_pair_open_again(enum flavour flavour, const struct rtt_pair *first);

/*
 * Opens a connection between two addresses: IPv4, IPv6 or v4-mapped ("::ffff:127.0.0.2"). Use this in a network
 * namespace of the test's own. The two addresses may be of different families, as in traffic.h. With `client_port` 0,
 * the kernel chooses the client's port.
 */
struct rtt_pair rtt_pair_open_at(const char *from, uint16_t client_port, const char *to, uint16_t port);

/* Exchanges `count` times a request of one byte and, after `think_ms`, a response of one byte. */
void rtt_exchange(const struct rtt_pair *pair, unsigned int count, unsigned int think_ms);

/* rtt_exchange() with different think times, so that smoothed round-trip times are spread. */
void rtt_exchange_mixed(const struct rtt_pair *pair, unsigned int count);

/* Closes the client first. Returns when all sockets have ended. The listener ends, too. */
void rtt_pair_close(struct rtt_pair *pair);

/* rtt_pair_close(), but the client aborts the connection. No FIN can be measured. */
void rtt_pair_reset(struct rtt_pair *pair);

/* Waits until no segment is under way: every byte is acknowledged on both sides. */
void rtt_pair_settle(const struct rtt_pair *pair);

/* Adds an IPv6 address to the loopback device of this network namespace, without duplicate address detection. */
void rtt_add_address(const char *address);

/* Writes /proc/sys/net/ipv4/NAME in this thread's network namespace. */
void rtt_set_ipv4(const char *name, const char *value);

/* TCP_INFO of the socket. */
struct tcp_info rtt_info(int fd);

#endif
