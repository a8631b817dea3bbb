/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "require.h"
#include "rtt_traffic.h"
#include "veth.h"

#define FIRST_ADDRESS 0xc0000201 /* 192.0.2.1 */
#define NETMASK       0xffffff00
#define QUIET_MS      50
#define PATIENCE_MS   10000

struct sockaddr_in wire_address(enum wire_end end, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(FIRST_ADDRESS + end)};
}

static int set_up_interface(struct ifreq *request, enum wire_end end)
{
	struct sockaddr_in address = wire_address(end, 0);
	struct sockaddr_in netmask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(NETMASK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	memcpy(&request->ifr_addr, &address, sizeof(address));
	if (ioctl(fd, SIOCSIFADDR, request))
		error = -errno;
	memcpy(&request->ifr_netmask, &netmask, sizeof(netmask));
	if (!error && ioctl(fd, SIOCSIFNETMASK, request))
		error = -errno;
	request->ifr_flags = IFF_UP;
	if (!error && ioctl(fd, SIOCSIFFLAGS, request))
		error = -errno;
	close(fd);
	return error;
}

/* In the namespace of this moment. */
static void open_device(struct wire *wire, enum wire_end end)
{
	struct ifreq request = {.ifr_name = WIRE_DEVICE};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	require(fd >= 0, "/dev/net/tun cannot be opened");
	wire->devices[end] = fd;
	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	require(!ioctl(fd, TUNSETIFF, &request), "no TUN device in a network namespace");
	require(!set_up_interface(&request, end), "a TUN device takes no address");
}

/* This thread is in it then. */
static void open_namespace(struct wire *wire, enum wire_end end)
{
	struct stat stat_buffer;

	require(!unshare(CLONE_NEWNET), "no network namespace of its own");
	wire->namespaces[end] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	require(wire->namespaces[end] >= 0 && !fstat(wire->namespaces[end], &stat_buffer), "no namespace");
	wire->netns[end] = stat_buffer.st_ino;
}

static void begin(struct wire *wire)
{
	*wire = (struct wire){.namespaces = {-1, -1}, .devices = {-1, -1}};
	wire->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	require(wire->home >= 0, "no namespace");
}

const char *wire_open(struct wire *wire)
{
	const char *why = machine_refuses("tun");

	if (why)
		return why;
	begin(wire);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		open_namespace(wire, end);
		open_device(wire, end);
		wire_leave(wire);
	}
	return NULL;
}

/* Both namespaces are there. */
static const char *lay_cable(const struct wire *wire)
{
	int error;

	wire_enter(wire, WIRE_LEFT);
	error = veth_add(WIRE_DEVICE, wire->namespaces[WIRE_RIGHT]);
	wire_leave(wire);
	if (error)
		return "no veth device (CONFIG_VETH)";
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		struct ifreq request = {.ifr_name = WIRE_DEVICE};

		wire_enter(wire, end);
		error = set_up_interface(&request, end);
		wire_leave(wire);
		if (error)
			return "a veth device takes no address";
	}
	return NULL;
}

const char *wire_open_veth(struct wire *wire)
{
	const char *why = machine_refuses("netns");

	if (why)
		return why;
	begin(wire);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		open_namespace(wire, end);
		wire_leave(wire);
	}
	why = lay_cable(wire);
	if (why)
		wire_close(wire);
	return why;
}

void wire_close(struct wire *wire)
{
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		if (wire->devices[end] >= 0)
			close(wire->devices[end]);
		if (wire->namespaces[end] >= 0)
			close(wire->namespaces[end]);
		wire->devices[end] = wire->namespaces[end] = -1;
	}
	if (wire->home >= 0) {
		setns(wire->home, CLONE_NEWNET); /* a test that failed while it was opened is not at home */
		close(wire->home);
	}
	wire->home = -1;
}

void wire_enter(const struct wire *wire, enum wire_end end)
{
	require(!setns(wire->namespaces[end], CLONE_NEWNET), "cannot enter the namespace");
}

void wire_leave(const struct wire *wire)
{
	require(!setns(wire->home, CLONE_NEWNET), "cannot come home");
}

void wire_set_ipv4(const struct wire *wire, enum wire_end end, const char *name, const char *value)
{
	wire_enter(wire, end);
	rtt_set_ipv4(name, value);
	wire_leave(wire);
}

int wire_socket(const struct wire *wire, enum wire_end end, int flags)
{
	int fd;

	wire_enter(wire, end);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	wire_leave(wire);
	require(fd >= 0, "no socket");
	return fd;
}

/* One packet from each end to the other: false when there was none. */
static bool carry_some(const struct wire *wire)
{
	char packet[65536];
	bool carried = false;

	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		ssize_t length = read(wire->devices[end], packet, sizeof(packet));

		if (length <= 0)
			continue;
		/* A refused packet is a lost one, which TCP knows how to live with. */
		if (write(wire->devices[!end], packet, (size_t)length) == length)
			carried = true;
	}
	return carried;
}

void wire_carry(const struct wire *wire)
{
	struct pollfd ready[WIRE_ENDS] = {{.fd = wire->devices[0], .events = POLLIN},
					  {.fd = wire->devices[1], .events = POLLIN}};
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;

	while (poll(ready, WIRE_ENDS, QUIET_MS) > 0) {
		require(now_ns() < deadline, "the wire does not become quiet");
		carry_some(wire);
	}
}

size_t wire_take(const struct wire *wire, enum wire_end from, void *packet, size_t size)
{
	struct pollfd ready = {.fd = wire->devices[from], .events = POLLIN};
	uint8_t *bytes = packet;
	ssize_t length;

	do {
		require(poll(&ready, 1, PATIENCE_MS) == 1, "no packet comes");
		length = read(wire->devices[from], packet, size);
		require(length > 0, "no packet");
	} while (bytes[0] >> 4 != 4);
	return (size_t)length;
}

void wire_give(const struct wire *wire, enum wire_end to, const void *packet, size_t length)
{
	require(write(wire->devices[to], packet, length) == (ssize_t)length, "a packet is refused");
}

void wire_pass(const struct wire *wire, enum wire_end from)
{
	char packet[65536];
	size_t length = wire_take(wire, from, packet, sizeof(packet));

	wire_give(wire, !from, packet, length);
}

void wire_lose(const struct wire *wire, enum wire_end from)
{
	char packet[65536];

	wire_take(wire, from, packet, sizeof(packet));
}

void wire_lose_all(const struct wire *wire, enum wire_end from)
{
	char packet[65536];

	while (read(wire->devices[from], packet, sizeof(packet)) > 0)
		;
}

void wire_carry_until(const struct wire *wire, int fd, short events)
{
	uint64_t deadline = now_ns() + PATIENCE_MS * NS_PER_MS;
	struct pollfd ready = {.fd = fd, .events = events};

	while (poll(&ready, 1, 1) <= 0) {
		require(now_ns() < deadline, "the socket does not become ready");
		while (carry_some(wire))
			;
	}
}
