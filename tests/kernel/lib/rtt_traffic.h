/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests and responses over connections of which the test holds both ends. */
#ifndef TESTS_KERNEL_RTT_TRAFFIC_H
#define TESTS_KERNEL_RTT_TRAFFIC_H

#include <linux/tcp.h> /* the libc's struct tcp_info is older */

#include "traffic.h"

struct rtt_pair {
	int listener;
	int client;
	int server;
	uint16_t port; /* the server's */
	uint16_t client_port;
};

/* Over loopback. `reserved` is a socket from reserve_port(), which becomes the listener: the test knows its port
 * before.
 */
struct rtt_pair rtt_pair_open_on(enum flavour flavour, int reserved, uint16_t port);

/* Likewise, to a port nobody uses. */
struct rtt_pair rtt_pair_open(enum flavour flavour);

/* One more connection to the same server; it is not to be closed with rtt_pair_close() before the first. */
struct rtt_pair rtt_pair_open_again(enum flavour flavour, const struct rtt_pair *first);

/*
 * Between addresses of the test's choice, IPv4, IPv6 or v4-mapped ("::ffff:127.0.0.2"): for a network namespace of the
 * test's own. The client's address may be of another family than the server's, as in traffic.h; a client's port of
 * 0 leaves it to the kernel.
 */
struct rtt_pair rtt_pair_open_at(const char *from, uint16_t client_port, const char *to, uint16_t port);

/* A request of one byte, then after so many milliseconds the response of one byte. */
void rtt_exchange(const struct rtt_pair *pair, unsigned int count, unsigned int think_ms);

/* Exchanges that think for different times, so that smoothed round-trip times get spread. */
void rtt_exchange_mixed(const struct rtt_pair *pair, unsigned int count);

/* The client first. rtt_pair_close() returns when nothing lives any more; the listener ends with it. */
void rtt_pair_close(struct rtt_pair *pair);

/* The client aborts: nobody measures a FIN. The same otherwise. */
void rtt_pair_reset(struct rtt_pair *pair);

/* Until no segment is under way: every byte is acknowledged on both sides. */
void rtt_pair_settle(const struct rtt_pair *pair);

/* A network namespace's loopback device gets this IPv6 address, at once (no duplicate address detection). */
void rtt_add_address(const char *address);

/* Writes /proc/sys/net/ipv4/NAME of the network namespace that this thread is in. */
void rtt_set_ipv4(const char *name, const char *value);

/* TCP_INFO */
struct tcp_info rtt_info(int fd);

#endif
