/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/ports.h"

#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ports_open(struct ports *ret)
{
	*ret = (struct ports){.readings = calloc(PORT_LISTENERS_MAX, sizeof(struct port_reading))};
	if (series_open(PORT_LISTENERS_MAX, 1, PORTS_SHOWN, &ret->series) || !ret->readings)
		return -ENOMEM;
	return 0;
}

void ports_close(struct ports *ports)
{
	series_close(&ports->series);
	free(ports->readings);
	*ports = (struct ports){};
}

bool port_listens(const struct ports *ports, size_t i)
{
	return ports->readings[i].is_used && ports->readings[i].now.walk == ports->walk;
}

uint32_t port_highest(const struct port_reading *port)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < BACKLOG_WALKS; i++)
		highest = port->highest[i] > highest ? port->highest[i] : highest;
	return highest;
}

/* Returns the reading of a port, which is new if there is none yet; NULL: there is no room. */
static struct port_reading *find_port(struct ports *ports, uint32_t port)
{
	struct port_reading *unused = NULL;

	for (size_t i = 0; i < PORT_LISTENERS_MAX; i++) {
		struct port_reading *reading = &ports->readings[i];

		if (reading->is_used && reading->port == port)
			return reading;
		if (!reading->is_used)
			unused = reading;
	}
	if (unused)
		*unused = (struct port_reading){.is_used = true, .port = port};
	return unused;
}

/* The drops of a port without listeners go to "other". */
static void end_port(struct ports *ports, const struct probe *probe, size_t i)
{
	struct port_reading *reading = &ports->readings[i];
	uint64_t drops = reading->now.drops;

	series_end(&ports->series, i, &drops);
	metrics_forget_port(probe, reading->port);
	*reading = (struct port_reading){};
}

static void count_ports(struct ports *ports, const struct probe *probe)
{
	series_begin(&ports->series, clock_monotonic_ns());
	for (size_t i = 0; i < PORT_LISTENERS_MAX; i++) {
		struct port_reading *reading = &ports->readings[i];
		uint64_t drops = reading->now.drops;

		if (!reading->is_used)
			continue;
		if (ports->walk - reading->now.walk > BACKLOG_WALKS) {
			end_port(ports, probe, i);
			continue;
		}
		reading->weight += 1 + port_listens(ports, i) * 16 + (uint64_t)reading->now.backlog * 16 + drops;
		series_count(&ports->series, i, &drops, reading->weight);
	}
	series_choose(&ports->series);
}

int ports_read(struct ports *ports, const struct probe *probe, uint32_t walk)
{
	uint32_t port, last_port, *last = NULL;
	struct port_listeners listeners;
	struct port_reading *reading;
	int error;

	ports->walk = walk;
	while (!(error = metrics_next_port(probe, last, &port, &listeners))) {
		reading = find_port(ports, port);
		if (reading) {
			reading->now = listeners;
			reading->highest[walk % BACKLOG_WALKS] = listeners.walk == walk ? listeners.highest : 0;
		}
		last_port = port;
		last = &last_port;
	}
	if (error == -ENOENT)
		count_ports(ports, probe);
	return error == -ENOENT ? 0 : error;
}
