/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_remote.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "require.h"

#define PATIENCE_S 10
#define CHUNK      65536

struct rtt_pair rtt_remote_open(const struct wire *wire, uint16_t port)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_in address = wire_address(WIRE_RIGHT, port);
	struct rtt_pair pair = {.port = port};
	int yes = 1;

	pair.listener = wire_socket(wire, WIRE_RIGHT, 0);
	setsockopt(pair.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	setsockopt(pair.listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	require(!bind(pair.listener, (struct sockaddr *)&address, sizeof(address)) && !listen(pair.listener, 4),
		"cannot listen");
	pair.client = wire_socket(wire, WIRE_LEFT, 0);
	setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	require(!connect(pair.client, (struct sockaddr *)&address, sizeof(address)), "cannot connect");
	pair.server = accept_from(pair.listener);
	pair.client_port = local_port(pair.client);
	return pair;
}

void rtt_remote_bulk(const struct rtt_pair *pair, size_t bytes)
{
	static char data[CHUNK];
	size_t sent = 0, received = 0;

	while (received < bytes) {
		size_t left = bytes - sent < sizeof(data) ? bytes - sent : sizeof(data);
		ssize_t got = send(pair->client, data, left, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += got > 0 ? (size_t)got : 0;
		require(poll(&(struct pollfd){.fd = pair->server, .events = POLLIN}, 1, PATIENCE_S * 1000) == 1,
			"nothing comes");
		got = recv(pair->server, data, sizeof(data), 0);
		require(got > 0, "the server gets nothing");
		received += (size_t)got;
	}
}

void rtt_remote_close(struct rtt_pair *pair)
{
	require(!shutdown(pair->client, SHUT_WR), "cannot shut down");
	receive_end(pair->server);
	require(!shutdown(pair->server, SHUT_WR), "cannot shut down");
	receive_end(pair->client);
	wait_for_state(pair->server, "CLOSE");
	close(pair->client);
	close(pair->server);
	close(pair->listener);
}
