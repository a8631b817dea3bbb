/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "ends.h"

#include <string.h>
#include <unistd.h>

#include "require.h"
#include "traffic.h"

static const char *const sides[] = {[ENDS_CLIENT] = "client", [ENDS_SERVER] = "server", [ENDS_LISTENER] = "listener"};

static enum ends_side side_of(const struct row *row, uint16_t port)
{
	if (row->change.tuple.lport != port)
		return ENDS_CLIENT;
	return row->change.tuple.rport ? ENDS_SERVER : ENDS_LISTENER;
}

static bool is_end_of(const struct row *row, uint16_t port, const struct end *end)
{
	return side_of(row, port) == end->side && row->change.oldstate == state_number(end->oldstate) &&
	       !strcmp(row->cause, end->cause);
}

/* Which of the ends that no row has shown yet. */
static size_t find_end(const struct row *row, uint16_t port, const struct end *ends, const bool *shown)
{
	for (size_t i = 0; ends[i].cause; i++)
		if (!shown[i] && is_end_of(row, port, &ends[i]))
			return i;
	require(false, "line %llu: %s's end \"%s\" is none of those that were made: %s", (unsigned long long)row->line,
		sides[side_of(row, port)], row->cause, change_text(&row->change));
	return 0;
}

void ends_check(struct run *run, uint16_t port, const struct end *ends)
{
	struct expectation expectation = {.ports = &port, .port_count = 1, .pid = getpid(), .comm = own_comm()};
	bool shown[ENDS_MAX] = {};

	run_stop(run);
	run_check(run, 0, &expectation);
	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];

		if (row->change.newstate != state_number("CLOSE") || !tuple_has_port(&row->change.tuple, &port, 1))
			continue;
		shown[find_end(row, port, ends, shown)] = true;
		/* expect.c has compared the time. */
		require(row->has_at_least == !strcmp(row->cause, "fin-wait2-orphan"),
			"line %llu: at_least_us, and the cause is \"%s\"", (unsigned long long)row->line, row->cause);
	}
	for (size_t i = 0; ends[i].cause; i++)
		require(shown[i] || run->losses.lost || run->pairing.hidden, "no %s went from %s to CLOSE by \"%s\"",
			sides[ends[i].side], ends[i].oldstate, ends[i].cause);
}

struct loopback_pair ends_open_loopback(struct run *run)
{
	struct loopback_pair pair;

	run_start(run, NULL);
	pair.listener = listen_on(IPV4, &pair.port);
	pair.client = connect_to(IPV4, pair.port);
	pair.server = accept_from(pair.listener);
	send_byte(pair.client);
	receive_byte(pair.server);
	return pair;
}

void ends_close_loopback(const struct loopback_pair *pair)
{
	shutdown(pair->client, SHUT_WR);
	receive_end(pair->server);
	wait_for_state(pair->client, "FIN_WAIT2");
	close(pair->server);
	receive_end(pair->client);
	close(pair->client);
	close(pair->listener);
	settle(&pair->port, 1);
}

void ends_check_loopback(struct run *run, const struct loopback_pair *pair, struct end client, struct end server)
{
	close(pair->listener);
	settle(&pair->port, 1);
	ends_check(run, pair->port, ENDS(client, server, {ENDS_LISTENER, "LISTEN", "closed"}));
}

void ends_check_pair(struct run *run, const struct wire_pair *pair, struct end client, struct end server)
{
	wait_for_state(pair->client, "CLOSE");
	close(pair->client);
	abort_socket(pair->server);
	close(pair->listener);
	ends_check(run, WIRE_SERVER_PORT, ENDS(client, server, {ENDS_LISTENER, "LISTEN", "closed"}));
}

void ends_check_cut(struct run *run, const struct wire_pair *pair, const char *cause)
{
	ends_check_pair(run, pair, (struct end){ENDS_CLIENT, "ESTABLISHED", cause},
			(struct end){ENDS_SERVER, "ESTABLISHED", "aborted"});
}
