/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two network namespaces and a wire between them that carries a packet only when the test says so: a TUN device in
 * each, the test in the middle. Crossing FINs and lost SYNs become certain, without netem or nftables and their
 * modules. 192.0.2.0/24 (RFC 5737) exists in these namespaces only, and they have no other way out.
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

/* NULL, or why that cannot be done here. */
const char *wire_open(struct wire *wire);

/* The same with a veth device at each end: it carries packets by itself, and nobody else can. */
const char *wire_open_veth(struct wire *wire);

void wire_close(struct wire *wire);

/* This thread is in the namespace of that end, until wire_leave(). */
void wire_enter(const struct wire *wire, enum wire_end end);
void wire_leave(const struct wire *wire);

/* net.ipv4.NAME of that end's namespace. */
void wire_set_ipv4(const struct wire *wire, enum wire_end end, const char *name, const char *value);

/* A TCP socket that lives at this end; non-blocking if so asked. */
int wire_socket(const struct wire *wire, enum wire_end end, int flags);

struct sockaddr_in wire_address(enum wire_end end, uint16_t port);

/* Carries packets until none has come for 50 ms. Those that came in between calls have waited. */
void wire_carry(const struct wire *wire);

/*
 * One packet in the hand: the next one of IPv4 that this end sends, waited for. Nothing else carries it, and what IPv6
 * says before it is lost. Its length.
 */
size_t wire_take(const struct wire *wire, enum wire_end from, void *packet, size_t size);
void wire_give(const struct wire *wire, enum wire_end to, const void *packet, size_t length);

/* The next one of IPv4, and it arrives or is lost. */
void wire_pass(const struct wire *wire, enum wire_end from);
void wire_lose(const struct wire *wire, enum wire_end from);

/* Loses what this end has sent so far. */
void wire_lose_all(const struct wire *wire, enum wire_end from);

/* Carries packets until `fd` is ready for the poll() events. */
void wire_carry_until(const struct wire *wire, int fd, short events);

#endif
