/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two network namespaces, and a wire that carries a packet only when the test says so: a TUN device in each namespace,
 * and the test between them. Crossing FINs and lost SYNs become reliable, without netem or nftables and their modules.
 *
 * 192.0.2.0/24 (RFC 5737) exists only in these namespaces, which have no other route.
 */
#ifndef TESTS_KERNEL_WIRE_H
#define TESTS_KERNEL_WIRE_H

#include <netinet/in.h>
#include <stdint.h>

#define WIRE_DEVICE "wire"

enum wire_end {
	WIRE_LEFT,  /* 192.0.2.1 */
	WIRE_RIGHT, /* 192.0.2.2 */
	WIRE_ENDS
};

struct wire {
	int namespaces[WIRE_ENDS];
	int devices[WIRE_ENDS];
	uint64_t netns[WIRE_ENDS]; /* inode numbers */
	int home;
};

/* Makes the namespaces and the wire. Returns NULL, or the reason why this machine cannot do that. */
const char *wire_open(struct wire *wire);

/*
 * wire_open() with a veth device at each end. Such a wire carries all packets by itself, and the test cannot carry any.
 */
const char *wire_open_veth(struct wire *wire);

void wire_close(struct wire *wire);

/* wire_enter() moves this thread into the namespace of that end, until wire_leave(). */
void wire_enter(const struct wire *wire, enum wire_end end);
void wire_leave(const struct wire *wire);

/* Sets net.ipv4.NAME in the namespace of that end. */
void wire_set_ipv4(const struct wire *wire, enum wire_end end, const char *name, const char *value);

/* A TCP socket in the namespace of this end. `flags`: SOCK_NONBLOCK or 0. */
int wire_socket(const struct wire *wire, enum wire_end end, int flags);

struct sockaddr_in wire_address(enum wire_end end, uint16_t port);

/* Carries packets until none has come for 50 ms. Packets that come between two calls wait for the second one. */
void wire_carry(const struct wire *wire);

/*
 * wire_take() waits for the next IPv4 packet that this end sends, and returns its length. IPv6 packets before it are
 * lost. Nothing else carries the packet: wire_give() delivers it.
 */
size_t wire_take(const struct wire *wire, enum wire_end from, void *packet, size_t size);
void wire_give(const struct wire *wire, enum wire_end to, const void *packet, size_t length);

/* Wait for the next IPv4 packet of this end, and deliver or drop it. */
void wire_pass(const struct wire *wire, enum wire_end from);
void wire_lose(const struct wire *wire, enum wire_end from);

/* Drops all packets that this end has sent so far. */
void wire_lose_all(const struct wire *wire, enum wire_end from);

/* Carries packets until `fd` is ready for the poll() events. */
void wire_carry_until(const struct wire *wire, int fd, short events);

#endif
