/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "path.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "require.h"
#include "rtt_remote.h"
#include "tshark.h"

#define OPENING_PORT 6758 /* none of the tests' */

static struct wire wire = {.namespaces = {-1, -1}, .devices = {-1, -1}, .home = -1};
static struct tshark tshark = TSHARK_NONE;

void samples_add(struct samples *samples, uint64_t us)
{
	require(samples->count < PATH_SAMPLES_MAX, "too many samples");
	samples->us[samples->count++] = us;
}

static int compare_us(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

double samples_quantile(struct samples *samples, unsigned int permille)
{
	size_t rank = (samples->count * permille + 999) / 1000;

	require(samples->count && permille <= 1000, "nothing was witnessed");
	qsort(samples->us, samples->count, sizeof(uint64_t), compare_us);
	return (double)samples->us[rank ? rank - 1 : 0];
}

bool path_has_loss(const struct path *path)
{
	return path->ways[WIRE_LEFT].loss_percent || path->ways[WIRE_RIGHT].loss_percent;
}

double path_least_us(const struct path *path)
{
	double us = 0;

	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		us += path->ways[end].delay_us - path->ways[end].jitter_us;
	return us;
}

double path_most_us(const struct path *path)
{
	double us = 0;

	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		us += path->ways[end].delay_us + path->ways[end].jitter_us;
	return us;
}

bool path_is_captured(const struct path *path)
{
	return !path->ways[WIRE_LEFT].delay_us;
}

/* Both ends know each other's hardware address then: asking for it takes a round trip, too. */
void paths_open(void)
{
	const struct netem none = {0};
	struct rtt_pair pair;
	const char *why;

	need_machine("netem");
	why = wire_open_veth(&wire);
	if (!why)
		netem_set(&wire, WIRE_LEFT, &none);
	if (!why)
		why = tshark_start(&tshark, &wire, WIRE_LEFT);
	if (why)
		skip_because("%s", why);
	pair = rtt_remote_open(&wire, OPENING_PORT);
	rtt_remote_close(&pair);
}

void paths_close(void)
{
	tshark_drop(&tshark);
	wire_close(&wire);
}

static void impose(const struct path *path, bool with_loss)
{
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++) {
		struct netem way = path->ways[end];

		if (!with_loss)
			way.loss_percent = 0;
		netem_set(&wire, end, &way);
	}
}

static void ask_for_smoothed(const struct rtt_pair *pair, struct path_witness *witness)
{
	samples_add(&witness->smoothed[WIRE_LEFT], rtt_info(pair->client).tcpi_rtt);
	samples_add(&witness->smoothed[WIRE_RIGHT], rtt_info(pair->server).tcpi_rtt);
}

static void ask_for_least(const struct rtt_pair *pair, struct path_witness *witness)
{
	const struct tcp_info client = rtt_info(pair->client), server = rtt_info(pair->server);

	samples_add(&witness->least[WIRE_LEFT], client.tcpi_min_rtt);
	samples_add(&witness->least[WIRE_RIGHT], server.tcpi_min_rtt);
	witness->sent_again += client.tcpi_total_retrans + server.tcpi_total_retrans;
}

static void burst(const struct rtt_pair *pair, unsigned int segments)
{
	for (unsigned int i = 0; i < segments; i++)
		send_byte(pair->server);
	for (unsigned int i = 0; i < segments; i++)
		receive_byte(pair->client);
}

static void play_connection(const struct path *path, uint16_t port, struct path_witness *witness)
{
	struct rtt_pair pair;
	uint64_t start;

	impose(path, false);
	start = now_ns();
	pair = rtt_remote_open(&wire, port);
	samples_add(&witness->openings, (now_ns() - start) / 1000);
	set_option(pair.server, IPPROTO_TCP, TCP_NODELAY, 1);
	if (path_has_loss(path))
		impose(path, true);
	for (unsigned int i = 0; i < path->exchanges; i++) {
		start = now_ns();
		rtt_exchange(&pair, 1, 0);
		samples_add(&witness->exchanges, (now_ns() - start) / 1000);
		burst(&pair, path->burst);
		ask_for_smoothed(&pair, witness);
	}
	if (path->bulk)
		rtt_remote_bulk(&pair, path->bulk);
	ask_for_least(&pair, witness);
	rtt_remote_close(&pair);
}

void path_play(const struct path *path, uint16_t port, struct path_witness *ret_witness)
{
	memset(ret_witness, 0, sizeof(*ret_witness));
	for (size_t i = 0; i < PATH_CONNECTIONS; i++)
		play_connection(path, port, ret_witness);
}

struct played {
	const struct path *paths;
	struct path_witness *witnesses;
	size_t count;
	uint16_t first_port;
};

static void witness_rtt(const struct tshark_rtt *rtt, void *context)
{
	const struct played *played = context;
	size_t i = (size_t)rtt->port - played->first_port;

	if (rtt->port < played->first_port || i >= played->count || !path_is_captured(&played->paths[i]))
		return;
	samples_add(&played->witnesses[i].captured, rtt->us); /* the SYN, too: RACK knows a client's */
	if (rtt->of_syn)
		samples_add(&played->witnesses[i].captured_syn, rtt->us);
}

void paths_read_capture(const struct path *paths, struct path_witness *witnesses, size_t count, uint16_t first_port)
{
	struct played played = {.paths = paths, .witnesses = witnesses, .count = count, .first_port = first_port};

	tshark_read(&tshark, WIRE_LEFT, witness_rtt, &played);
}
