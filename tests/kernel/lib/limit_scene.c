/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "limit_scene.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machine.h"
#include "require.h"
#include "rtt_traffic.h"

#define PATIENCE_S   20
#define LEAST_MS     250 /* more than the 100 ms that a verdict needs */
#define LARGE_BUFFER (1 << 20)
#define MAX_PACKET   65536
#define MAX_MESSAGE  65536
#define CE           3 /* congestion experienced (RFC 3168) */

static struct netns test_netns = {.home = -1};

void limit_path_open(enum limit_path path)
{
	const char *why;

	need_machine("socket_storage");
	if (path == LIMIT_VETH)
		need_machine("netem");
	if (path == LIMIT_LOOPBACK)
		why = netns_enter(&test_netns);
	else
		why = path == LIMIT_WIRE ? wire_open(&test_wire) : wire_open_veth(&test_wire);
	if (why)
		skip_because("%s", why);
}

int limit_teardown(void **state)
{
	netns_leave(&test_netns);
	wire_close(&test_wire);
	return run_base_teardown(state);
}

struct tool *limit_start_tool(struct run_base *base)
{
	char ports[16];

	need_machine("socket_storage");
	snprintf(ports, sizeof(ports), "%u,%u", LIMIT_SERVER_PORT, LIMIT_CLIENT_PORT);
	return run_base_start(base, "tcpstates", ARGS("-o", "json", "-v", "-c", "-L", ports));
}

struct tool *limit_start(struct run_base *base, enum limit_path path)
{
	struct tool *tool = limit_start_tool(base);

	limit_path_open(path);
	return tool;
}

static struct sockaddr_in address_of(const struct limit_scene *scene, enum wire_end end, uint16_t port)
{
	if (scene->path != LIMIT_LOOPBACK)
		return wire_address(end, port);
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Not blocking, and bound. */
static int make_socket(const struct limit_scene *scene, enum wire_end end, uint16_t port)
{
	const char *congestion = scene->congestion ? scene->congestion : "cubic";
	struct sockaddr_in address = address_of(scene, end, port);
	int fd;

	if (scene->path == LIMIT_LOOPBACK)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	else
		fd = wire_socket(&test_wire, end, SOCK_NONBLOCK);
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (scene->mss)
		set_option(fd, IPPROTO_TCP, TCP_MAXSEG, scene->mss);
	require(!setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, (socklen_t)strlen(congestion)),
		"no congestion control %s", congestion);
	require(!bind(fd, (const struct sockaddr *)&address, sizeof(address)), "cannot bind");
	return fd;
}

void limit_connect(struct limit_scene *scene)
{
	struct sockaddr_in address = address_of(scene, WIRE_RIGHT, LIMIT_SERVER_PORT);

	if (!scene->listener) {
		scene->listener = make_socket(scene, WIRE_RIGHT, LIMIT_SERVER_PORT);
		if (scene->receive_buffer)
			set_option(scene->listener, SOL_SOCKET, SO_RCVBUF, scene->receive_buffer);
		require(!listen(scene->listener, 4), "cannot listen");
	}
	if (!scene->client) {
		scene->client = make_socket(scene, WIRE_LEFT, LIMIT_CLIENT_PORT);
		set_option(scene->client, SOL_SOCKET, SO_SNDBUF,
			   scene->send_buffer ? scene->send_buffer : LARGE_BUFFER);
	}
	scene->begin_ns = scene->established_ns = now_ns();
	require(connect(scene->client, (const struct sockaddr *)&address, sizeof(address)) && errno == EINPROGRESS,
		"connect() did not wait");
}

void limit_fill(const struct limit_scene *scene, size_t bytes)
{
	static const char data[MAX_MESSAGE];
	size_t message = scene->message ? scene->message : sizeof(data);

	while (bytes) {
		ssize_t taken = send(scene->client, data, bytes < message ? bytes : message, MSG_NOSIGNAL);

		if (taken <= 0) {
			require(errno == EAGAIN, "cannot send: %s", strerror(errno));
			return;
		}
		bytes -= (size_t)taken;
	}
}

void limit_top_up(const struct limit_scene *scene)
{
	if (rtt_info(scene->client).tcpi_notsent_bytes < MAX_MESSAGE)
		limit_fill(scene, MAX_MESSAGE);
}

/* Also acknowledges at once what has arrived. */
static void read_all(const struct limit_scene *scene)
{
	static char data[MAX_MESSAGE];

	if (!scene->server)
		return;
	while (!scene->server_waits && recv(scene->server, data, sizeof(data), 0) > 0)
		;
	set_option(scene->server, IPPROTO_TCP, TCP_QUICKACK, 1);
}

static bool has_data(const uint8_t *packet)
{
	size_t header = (packet[0] & 15) * 4U, total = (size_t)packet[2] << 8 | packet[3];

	return total > header + (packet[header + 12] >> 4) * 4U;
}

/* Sets the mark, and corrects the checksum of the IPv4 header. */
static void mark(uint8_t *packet)
{
	size_t header = (packet[0] & 15) * 4U;
	uint32_t sum = 0;

	packet[1] |= CE;
	packet[10] = packet[11] = 0;
	for (size_t i = 0; i < header; i += 2)
		sum += (uint32_t)packet[i] << 8 | packet[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	packet[10] = (uint8_t)(sum >> 8);
	packet[11] = (uint8_t)sum;
}

static void deliver(struct limit_scene *scene, uint8_t *packet, size_t length)
{
	if (scene->losses) {
		scene->losses--;
		return;
	}
	if (scene->repeats) {
		scene->repeats--;
		wire_give(&test_wire, WIRE_RIGHT, packet, length);
	} else if (scene->marks) {
		scene->marks--;
		mark(packet);
	}
	wire_give(&test_wire, WIRE_RIGHT, packet, length);
}

/* Carries what this end has sent until now. Returns after so many packets, unless `most` is 0. */
static void carry(struct limit_scene *scene, enum wire_end from, unsigned int most)
{
	static uint8_t packet[MAX_PACKET];
	unsigned int carried = 0;
	ssize_t length;

	while ((!most || carried < most) && (length = read(test_wire.devices[from], packet, sizeof(packet))) > 0) {
		if (packet[0] >> 4 != 4)
			continue; /* IPv6 asks for its neighbours */
		carried++;
		if (from == WIRE_LEFT && has_data(packet))
			deliver(scene, packet, (size_t)length);
		else
			wire_give(&test_wire, !from, packet, (size_t)length);
	}
}

void limit_round(struct limit_scene *scene)
{
	sleep_ms(scene->delay_ms ? scene->delay_ms : 1);
	if (scene->path == LIMIT_WIRE)
		carry(scene, WIRE_LEFT, scene->width);
	read_all(scene);
	if (scene->path != LIMIT_WIRE)
		return;
	sleep_ms(scene->delay_ms);
	carry(scene, WIRE_RIGHT, 0);
}

static bool is_ready(int fd, short events)
{
	return poll(&(struct pollfd){.fd = fd, .events = events}, 1, 0) == 1;
}

void limit_establish(struct limit_scene *scene)
{
	scene->server = 0;
	while (!is_ready(scene->client, POLLOUT) || !is_ready(scene->listener, POLLIN)) {
		limit_be_patient(scene, "a handshake");
		limit_round(scene);
		if (scene->path == LIMIT_WIRE)
			carry(scene, WIRE_LEFT, 0); /* the last of three packets, without a delay */
	}
	scene->established_ns = now_ns();
	scene->server = accept4(scene->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	require(scene->server > 0, "no connection came");
}

void limit_open(struct limit_scene *scene)
{
	limit_connect(scene);
	limit_establish(scene);
}

void limit_drain(struct limit_scene *scene)
{
	for (;;) {
		struct tcp_info info = rtt_info(scene->client);

		if (!info.tcpi_unacked && !info.tcpi_notsent_bytes)
			return;
		limit_be_patient(scene, "an acknowledgement");
		limit_round(scene);
	}
}

void limit_time_out(struct limit_scene *scene)
{
	limit_fill(scene, 100);
	scene->losses = 2;
	limit_drain(scene);
	require(!scene->losses, "nothing was lost");
}

static uint64_t life_ns(const struct limit_scene *scene)
{
	return now_ns() - scene->established_ns;
}

bool limit_prevails(const struct limit_scene *scene, int64_t us)
{
	uint64_t life = life_ns(scene);

	return life >= LEAST_MS * NS_PER_MS && (uint64_t)us * 3000 > 2 * life;
}

void limit_be_patient(const struct limit_scene *scene, const char *what)
{
	struct limit_values now;

	if (life_ns(scene) < PATIENCE_S * NS_PER_SEC)
		return;
	now = limit_values_of_socket(scene->client);
	require(false, "%s takes more than %u s: %s", what, PATIENCE_S, limit_values_text(&now));
}

void limit_close(struct limit_scene *scene)
{
	abort_socket(scene->client);
	if (scene->server)
		abort_socket(scene->server);
	if (scene->listener)
		close(scene->listener);
	scene->client = scene->server = scene->listener = 0;
}

struct limit_values limit_finish(struct limit_scene *scene, struct tool *tool, const char *verdict)
{
	struct limit_values client = limit_values_of_socket(scene->client), client_record;
	struct limit_values server = limit_values_of_socket(scene->server), server_record;

	limit_close(scene);
	tool_stop(tool, SIGTERM);
	tool_expect_success(tool);
	client_record = limit_values_of_tool(tool, LIMIT_CLIENT_PORT, 0);
	server_record = limit_values_of_tool(tool, LIMIT_SERVER_PORT, 0);
	limit_values_agree(&client, &client_record, 0);
	limit_values_agree(&server, &server_record, 1); /* the client's reset */
	require(!strcmp(client_record.role, "client") && !strcmp(server_record.role, "server"), "roles are %s and %s",
		client_record.role, server_record.role);
	if (verdict)
		limit_expect_verdict(&client_record, verdict);
	limit_expect_verdict(&server_record, "none");
	return client_record;
}

void limit_expect_verdict(const struct limit_values *record, const char *verdict)
{
	require(!strcmp(record->limited_by, verdict), "limited by \"%s\", not \"%s\": %s", record->limited_by, verdict,
		limit_values_text(record));
}

int64_t limit_network_us(const struct limit_values *values)
{
	return values->is[LIMIT_BUSY_US] - values->is[LIMIT_RWND_LIMITED_US] - values->is[LIMIT_SNDBUF_LIMITED_US];
}

int64_t limit_bytes_lost(const struct limit_values *values)
{
	return values->is[LIMIT_BYTES_RETRANS] - values->is[LIMIT_DSACK_DUPS] * values->is[LIMIT_MSS];
}

void limit_expect_network(const struct limit_values *record, bool timeouts_count)
{
	bool timed_out = timeouts_count && record->is[LIMIT_RTO_US] * 10 >= limit_network_us(record);

	limit_expect_verdict(record, timed_out || limit_bytes_lost(record) * 100 >= record->is[LIMIT_BYTES_SENT]
					     ? "loss"
					     : "network");
}

void limit_expect_lost(const struct limit_values *record)
{
	require(record->is[LIMIT_SEGS_LOST] >= 1 && record->is[LIMIT_SEGS_LOST] <= record->is[LIMIT_RETRANSMITS],
		"lost and sent again do not agree: %s", limit_values_text(record));
}
