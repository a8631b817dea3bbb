/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "scenario.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "require.h"

#define LISTENER             "CLOSE LISTEN CLOSE"
#define CLIENT_CLOSES_FIRST  "CLOSE SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE"
#define CLIENT_CLOSES_SECOND "CLOSE SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE"
#define SERVER_CLOSES_FIRST  "LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE"
#define SERVER_CLOSES_SECOND "LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT LAST_ACK CLOSE"
#define CLIENT_RESET         "CLOSE SYN_SENT ESTABLISHED CLOSE"
#define SERVER_RESET         "LISTEN SYN_RECV ESTABLISHED CLOSE"

struct connection {
	int listener, client, server;
	uint16_t port;
};

static struct connection make_connection(enum flavour flavour)
{
	struct connection connection;

	connection.listener = listen_on(flavour, &connection.port);
	connection.client = connect_to(flavour, connection.port);
	connection.server = accept_from(connection.listener);
	send_byte(connection.client);
	receive_byte(connection.server);
	return connection;
}

static void end_connection(const struct connection *connection, uint16_t *ret_port)
{
	close(connection->listener);
	settle(&connection->port, 1);
	*ret_port = connection->port;
}

static void client_closes_first(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	close(connection.client);
	receive_end(connection.server);
	close(connection.server);
	end_connection(&connection, ret_port);
}

static void server_closes_first(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	close(connection.server);
	receive_end(connection.client);
	close(connection.client);
	end_connection(&connection, ret_port);
}

static void half_closed(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	shutdown(connection.client, SHUT_WR);
	receive_end(connection.server);
	sleep_ms(HALF_CLOSED_MS);
	send_byte(connection.server);
	close(connection.server);
	receive_byte(connection.client);
	receive_end(connection.client);
	close(connection.client);
	end_connection(&connection, ret_port);
}

/* shutdown() and then close(): FIN_WAIT2 -> FIN_WAIT2, and the state goes on. */
static void closed_twice(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	shutdown(connection.client, SHUT_WR);
	receive_end(connection.server);
	wait_for_state(connection.client, "FIN_WAIT2"); /* the ACK may be a delayed one */
	sleep_ms(30);
	close(connection.client);
	close(connection.server);
	end_connection(&connection, ret_port);
}

static void client_resets(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	linger_zero(connection.client);
	close(connection.client);
	receive_reset(connection.server);
	close(connection.server);
	end_connection(&connection, ret_port);
}

static void server_resets(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	linger_zero(connection.server);
	close(connection.server);
	receive_reset(connection.client);
	close(connection.client);
	end_connection(&connection, ret_port);
}

static void unread_data(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);

	send_byte(connection.client);
	await_byte(connection.server);
	close(connection.server);
	receive_reset(connection.client);
	close(connection.client);
	end_connection(&connection, ret_port);
}

static void never_accepted(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection;

	connection.listener = listen_on(flavour, &connection.port);
	connection.client = connect_to(flavour, connection.port);
	await_connection(connection.listener);
	close(connection.listener);
	receive_reset(connection.client);
	close(connection.client);
	settle(&connection.port, 1);
	*ret_port = connection.port;
}

static void refused(enum flavour flavour, uint16_t *ret_port)
{
	int reserved = reserve_port(flavour, ret_port);
	int client = client_socket(flavour);
	int error = connect_socket(client, flavour, *ret_port);

	require(error == -ECONNREFUSED, "connected or otherwise: %d", error);
	close(client);
	close(reserved);
	settle(ret_port, 1);
}

static void listened(enum flavour flavour, uint16_t *ret_port)
{
	int listener = listen_on(flavour, ret_port);

	sleep_ms(20);
	close(listener);
}

/* One socket, two connections. */
static void connected_again(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection = make_connection(flavour);
	int error;

	require(!disconnect_socket(connection.client), "cannot disconnect");
	receive_reset(connection.server);
	close(connection.server);
	sleep_ms(20);
	error = connect_socket(connection.client, flavour, connection.port);
	require(!error, "cannot connect again: %s", strerror(-error));
	connection.server = accept_from(connection.listener);
	close(connection.client);
	receive_end(connection.server);
	close(connection.server);
	end_connection(&connection, ret_port);
}

/* One socket, refused first and then connected. */
static void refused_then_connected(enum flavour flavour, uint16_t *ret_port)
{
	struct connection connection;
	int error;

	connection.listener = reserve_port(flavour, &connection.port);
	connection.client = client_socket(flavour);
	error = connect_socket(connection.client, flavour, connection.port);
	require(error == -ECONNREFUSED, "connected or otherwise: %d", error);
	require(!listen(connection.listener, 4), "cannot listen");
	error = connect_socket(connection.client, flavour, connection.port);
	require(!error, "cannot connect after a refusal: %s", strerror(-error));
	connection.server = accept_from(connection.listener);
	close(connection.client);
	receive_end(connection.server);
	close(connection.server);
	end_connection(&connection, ret_port);
}

const struct scenario scenarios[] = {
	{"client closes first", client_closes_first, {CLIENT_CLOSES_FIRST, SERVER_CLOSES_SECOND, LISTENER}},
	{"server closes first", server_closes_first, {CLIENT_CLOSES_SECOND, SERVER_CLOSES_FIRST, LISTENER}},
	{"half closed", half_closed, {CLIENT_CLOSES_FIRST, SERVER_CLOSES_SECOND, LISTENER}},
	{"closed twice", closed_twice, {CLIENT_CLOSES_FIRST, SERVER_CLOSES_SECOND, LISTENER}},
	{"client resets", client_resets, {CLIENT_RESET, SERVER_RESET, LISTENER}},
	{"server resets", server_resets, {CLIENT_RESET, SERVER_RESET, LISTENER}},
	{"unread data", unread_data, {CLIENT_RESET, SERVER_RESET, LISTENER}},
	{"never accepted", never_accepted, {CLIENT_RESET, SERVER_RESET, LISTENER}},
	{"refused", refused, {"CLOSE SYN_SENT CLOSE"}},
	{"listened", listened, {LISTENER}},
	{"connected again",
	 connected_again,
	 {CLIENT_RESET, CLIENT_CLOSES_FIRST, SERVER_RESET, SERVER_CLOSES_SECOND, LISTENER}},
	{"refused then connected",
	 refused_then_connected,
	 {"CLOSE SYN_SENT CLOSE", CLIENT_CLOSES_FIRST, SERVER_CLOSES_SECOND, LISTENER}},
};

const size_t scenario_count = sizeof(scenarios) / sizeof(*scenarios);

const struct scenario *scenario_named(const char *name)
{
	for (size_t i = 0; i < scenario_count; i++)
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	require(false, "no scenario \"%s\"", name);
	return NULL;
}
