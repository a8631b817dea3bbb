/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "wire_pair.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "require.h"
#include "traffic.h"

struct wire test_wire = {{-1, -1}, {-1, -1}, {0, 0}, -1};

void wire_start(struct run *run)
{
	const char *why = wire_open(&test_wire);

	if (why)
		skip_because("%s", why);
	run_start(run, NULL);
}

struct wire_pair wire_start_pair(struct run *run)
{
	wire_start(run);
	return wire_pair_open(&test_wire);
}

int wire_teardown(void **state)
{
	wire_close(&test_wire);
	return run_teardown(state);
}

int wire_listen(const struct wire *wire)
{
	struct sockaddr_in address = wire_address(WIRE_RIGHT, WIRE_SERVER_PORT);
	int fd = wire_socket(wire, WIRE_RIGHT, 0);

	require(!bind(fd, (const struct sockaddr *)&address, sizeof(address)) && !listen(fd, 4), "cannot listen");
	return fd;
}

int wire_connect(const struct wire *wire)
{
	struct sockaddr_in address = wire_address(WIRE_RIGHT, WIRE_SERVER_PORT);
	int fd = wire_socket(wire, WIRE_LEFT, SOCK_NONBLOCK);

	require(connect(fd, (const struct sockaddr *)&address, sizeof(address)) && errno == EINPROGRESS,
		"connect() did not wait for the wire");
	return fd;
}

void wire_pair_establish(const struct wire *wire, struct wire_pair *pair)
{
	wire_carry_until(wire, pair->client, POLLOUT);
	wire_carry_until(wire, pair->listener, POLLIN);
	pair->server = accept_from(pair->listener);
	wire_carry(wire);
}

struct wire_pair wire_pair_open(const struct wire *wire)
{
	struct wire_pair pair = {.listener = wire_listen(wire), .client = wire_connect(wire)};

	wire_pair_establish(wire, &pair);
	return pair;
}
