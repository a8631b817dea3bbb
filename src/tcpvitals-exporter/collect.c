/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/collect.h"

#include "os/clock.h"
#include "probe/losses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int collect_open(const struct labels *labels, struct probe *probe, struct resolver *resolver, size_t places,
		 struct collect *ret)
{
	*ret = (struct collect){
		.probe = probe,
		.ports = calloc(PORT_LISTENERS_MAX, sizeof(struct port_reading)),
	};
	if (groups_open(labels, probe, resolver, places, &ret->groups) || !ret->ports)
		return -ENOMEM;
	return 0;
}

void collect_close(struct collect *collect)
{
	groups_close(&collect->groups);
	free(collect->ports);
	collect->ports = NULL;
}

static struct port_reading *find_port(struct collect *collect, uint32_t port)
{
	for (size_t i = 0; i < collect->port_count; i++) {
		if (collect->ports[i].port == port)
			return &collect->ports[i];
	}
	if (collect->port_count == PORT_LISTENERS_MAX)
		return NULL;
	collect->ports[collect->port_count] = (struct port_reading){.port = port};
	return &collect->ports[collect->port_count++];
}

static int read_ports(struct collect *collect)
{
	uint32_t port, *last = NULL;
	struct port_listeners listeners;
	struct port_reading *reading;
	int error;

	while (!(error = metrics_next_port(collect->probe, last, &port, &listeners))) {
		reading = find_port(collect, port);
		if (reading) {
			reading->now = listeners;
			reading->highest[collect->walk.number % BACKLOG_WALKS] = listeners.highest;
		}
		last = &port;
	}
	return error == -ENOENT ? 0 : error;
}

uint32_t collect_highest(const struct port_reading *port)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < BACKLOG_WALKS; i++)
		highest = port->highest[i] > highest ? port->highest[i] : highest;
	return highest;
}

/* Orders listeners: found by the last walk first, then by the share of the accept queue that was in use. */
static int compare_ports(const void *a, const void *b)
{
	const struct port_reading *x = a, *y = b;
	uint64_t full_x = (uint64_t)collect_highest(x) * (y->now.limit + 1ULL),
		 full_y = (uint64_t)collect_highest(y) * (x->now.limit + 1ULL);

	if (x->now.walk != y->now.walk)
		return x->now.walk < y->now.walk ? 1 : -1;
	if (full_x != full_y)
		return full_x < full_y ? 1 : -1;
	return x->port < y->port ? -1 : x->port > y->port;
}

static void order_ports(struct collect *collect)
{
	qsort(collect->ports, collect->port_count, sizeof(*collect->ports), compare_ports);
	collect->listening = 0;
	while (collect->listening < collect->port_count &&
	       collect->ports[collect->listening].now.walk == collect->walk.number)
		collect->listening++;
}

int collect_walk(struct collect *collect)
{
	uint64_t start_ns = clock_monotonic_ns();
	struct netns_omissions omissions;
	int error = metrics_walk(collect->probe, &collect->walk, &omissions);

	if (!error)
		error = read_ports(collect);
	if (!error)
		order_ports(collect);
	collect->has_walked = collect->has_walked || !error;
	collect->walk_ns = clock_monotonic_ns() - start_ns;
	return error;
}

int collect_read_host(struct collect *collect)
{
	collect->losses = (struct loss_report){};
	probe_losses(collect->probe, true, &collect->losses);
	return metrics_read_open_sockets(collect->probe, collect->open);
}

int collect_read(struct collect *collect)
{
	int error = groups_read(&collect->groups, clock_monotonic_ns(), collect->walk.number);

	return error ? error : collect_read_host(collect);
}

uint64_t collect_sockets(const struct collect *collect, uint8_t state)
{
	/* A half-open connection has a request socket. */
	return collect->open[state] + collect->walk.minor[state] +
	       (state == STATE_SYN_RECV ? collect->walk.minor[STATE_NEW_SYN_RECV] : 0);
}

void collect_losses(const struct collect *collect, struct collect_loss ret[COLLECT_LOSSES])
{
	const struct loss_report *losses = &collect->losses;
	const struct collect_loss all[COLLECT_LOSSES] = {
		{"recursion", losses->recursion}, {"storage", losses->storage_full},
		{"scope", losses->unjudged},      {"gap", losses->gaps},
		{"end", losses->unclosed},        {"accept", losses->unaccepted},
		{"sample", losses->unsampled},    {"table", losses->summary_full},
	};

	memcpy(ret, all, sizeof(all));
}
