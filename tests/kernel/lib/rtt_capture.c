/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "require.h"

#define BUFFER_BYTES  (16 << 20)
#define IN_FLIGHT_MAX 1024

#define PATIENCE_S 10

struct segment {
	uint32_t end; /* the acknowledgement that covers it */
	uint64_t time_ns;
	bool syn;
};

struct reading {
	struct rtt_captured *captured;
	size_t capacity;
	struct segment flight[IN_FLIGHT_MAX];
	size_t in_flight;
	uint32_t highest; /* end of what has been sent */
	bool any;
};

void rtt_capture_close(struct rtt_capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}

/*
 * One packet and its time, 0 if it has none. False when there is no packet left. SO_TIMESTAMPNS would give a packet
 * without a time the one at which it is read (__sock_recv_timestamp()).
 */
static bool receive_packet(int fd, uint8_t *bytes, size_t size, ssize_t *ret_length, uint64_t *ret_time_ns)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct scm_timestamping))];
	} control;
	struct iovec data = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct scm_timestamping times = {0};

	*ret_length = recvmsg(fd, &message, 0);
	if (*ret_length < 0) {
		require(errno == EAGAIN || errno == EWOULDBLOCK, "cannot read the capture");
		return false;
	}
	if (message.msg_controllen)
		memcpy(&times, CMSG_DATA(&control.header), sizeof(times));
	*ret_time_ns = (uint64_t)times.ts[0].tv_sec * NS_PER_SEC + (uint64_t)times.ts[0].tv_nsec;
	return true;
}

static bool want_time_stamps(int fd)
{
	int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	return !setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags));
}

/* A datagram to ourselves. */
static bool are_stamped(int fd)
{
	uint64_t time_ns = 0;
	uint8_t byte = 0;
	ssize_t length;

	require(send(fd, &byte, 1, 0) == 1, "no datagram over loopback");
	return receive_packet(fd, &byte, 1, &length, &time_ns) && time_ns;
}

/*
 * The kernel begins to take the time of packets, and ends with it when nobody wants it any more, in a work item of its
 * own (net_enable_timestamp()). This socket stays open until the process ends: when one capture had been closed and the
 * next one opened, a datagram still got its time, and then the SYN got none, because the kernel came to end it.
 */
static void wait_for_time_stamps(void)
{
	static int fd = -1;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	uint64_t deadline = now_ns() + NS_PER_SEC * PATIENCE_S;
	socklen_t size = sizeof(address);

	if (fd < 0) {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		require(fd >= 0 && !bind(fd, (struct sockaddr *)&address, size) &&
				!getsockname(fd, (struct sockaddr *)&address, &size) &&
				!connect(fd, (struct sockaddr *)&address, size) && want_time_stamps(fd),
			"no datagrams over loopback");
	}
	while (!are_stamped(fd)) {
		require(now_ns() < deadline, "packets get no time stamps");
		sleep_ms(1);
	}
}

const char *rtt_capture_open(struct rtt_capture *capture, const struct wire *wire, enum wire_end end)
{
	int size = BUFFER_BYTES;

	require(!setns(wire->namespaces[end], CLONE_NEWNET), "cannot enter the namespace");
	capture->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	require(!setns(wire->home, CLONE_NEWNET), "cannot come home");
	if (capture->fd < 0)
		return "no packet sockets (CONFIG_PACKET)";
	capture->local = wire_address(end, 0).sin_addr.s_addr;
	setsockopt(capture->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	require(want_time_stamps(capture->fd), "no SO_TIMESTAMPING");
	wait_for_time_stamps();
	return NULL;
}

static void sent(struct reading *reading, uint32_t end, bool syn, uint64_t time_ns)
{
	if (reading->any && (int32_t)(end - reading->highest) <= 0) {
		reading->captured->retransmissions++;
		return;
	}
	reading->any = true;
	reading->highest = end;
	require(reading->in_flight < IN_FLIGHT_MAX, "too much in flight for the test");
	reading->flight[reading->in_flight++] = (struct segment){.end = end, .time_ns = time_ns, .syn = syn};
}

static void acknowledged(struct reading *reading, uint32_t upto, uint64_t time_ns)
{
	struct rtt_captured *captured = reading->captured;
	size_t covered = 0;
	uint64_t us;

	while (covered < reading->in_flight && (int32_t)(upto - reading->flight[covered].end) >= 0)
		covered++;
	if (!covered)
		return;
	us = (time_ns - reading->flight[covered - 1].time_ns + 500) / 1000;
	if (reading->flight[covered - 1].syn) {
		captured->syn_us = us;
	} else {
		if (captured->count == reading->capacity) {
			reading->capacity = reading->capacity ? 2 * reading->capacity : 256;
			captured->us = reallocate(captured->us, reading->capacity * sizeof(uint64_t));
		}
		captured->us[captured->count++] = us;
	}
	reading->in_flight -= covered;
	memmove(reading->flight, reading->flight + covered, reading->in_flight * sizeof(*reading->flight));
}

static void look_at(struct reading *reading, const struct rtt_capture *capture, const uint8_t *bytes, size_t length,
		    uint64_t time_ns)
{
	struct iphdr ip;
	struct tcphdr tcp;
	uint32_t space;

	if (length < sizeof(ip) + sizeof(tcp))
		return;
	memcpy(&ip, bytes, sizeof(ip));
	if (ip.version != 4 || ip.protocol != IPPROTO_TCP)
		return;
	require(time_ns, "a packet without its time");
	memcpy(&tcp, bytes + ip.ihl * 4, sizeof(tcp));
	space = ntohs(ip.tot_len) - ip.ihl * 4U - tcp.doff * 4U + tcp.syn + tcp.fin;
	if (ip.saddr == capture->local && space)
		sent(reading, ntohl(tcp.seq) + space, tcp.syn, time_ns);
	else if (ip.daddr == capture->local && tcp.ack)
		acknowledged(reading, ntohl(tcp.ack_seq), time_ns);
}

static int compare_us(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

void rtt_capture_read(struct rtt_capture *capture, struct rtt_captured *ret_captured)
{
	struct reading *reading = allocate(sizeof(*reading));
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);
	uint8_t bytes[2048];
	ssize_t length;
	uint64_t time_ns;

	memset(reading, 0, sizeof(*reading));
	memset(ret_captured, 0, sizeof(*ret_captured));
	reading->captured = ret_captured;
	while (receive_packet(capture->fd, bytes, sizeof(bytes), &length, &time_ns))
		look_at(reading, capture, bytes, (size_t)length, time_ns);
	require(!getsockopt(capture->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) && !stats.tp_drops,
		"the capture lost packets");
	rtt_capture_close(capture);
	free(reading);
	if (ret_captured->count)
		qsort(ret_captured->us, ret_captured->count, sizeof(uint64_t), compare_us);
}

uint64_t rtt_captured_quantile(const struct rtt_captured *captured, unsigned int permille)
{
	size_t rank = (captured->count * permille + 999) / 1000;

	return captured->count ? captured->us[rank ? rank - 1 : 0] : 0;
}
