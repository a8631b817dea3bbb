/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/collect.h"

#include "os/clock.h"
#include "probe/losses.h"

#include <errno.h>
#include <string.h>

int collect_open(const struct labels *labels, struct probe *probe, struct resolver *resolver, size_t places,
		 struct collect *ret)
{
	*ret = (struct collect){.probe = probe};
	if (groups_open(labels, probe, resolver, places, &ret->groups))
		return -ENOMEM;
	return ports_open(&ret->ports);
}

void collect_close(struct collect *collect)
{
	groups_close(&collect->groups);
	ports_close(&collect->ports);
}

int collect_walk(struct collect *collect)
{
	uint64_t start_ns = clock_monotonic_ns();
	struct netns_omissions omissions;
	int error = metrics_walk(collect->probe, &collect->walk, &omissions);

	if (!error)
		error = ports_read(&collect->ports, collect->probe, collect->walk.number);
	collect->has_walked = collect->has_walked || !error;
	collect->walk_ns = clock_monotonic_ns() - start_ns;
	return error;
}

int collect_read_host(struct collect *collect)
{
	uint64_t recursion = collect->losses.recursion;

	collect->losses = (struct loss_report){};
	probe_losses(collect->probe, true, &collect->losses);
	/* A difference of two counters, which are not read at the same moment. A counter never falls. */
	if (collect->losses.recursion < recursion)
		collect->losses.recursion = recursion;
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
		{"recursion", losses->recursion},
		{"storage", losses->storage_full},
		{"scope", losses->unjudged},
		{"gap", losses->gaps},
		{"end", losses->unclosed},
		{"accept", losses->unaccepted},
		{"sample", losses->unsampled},
		{"table", losses->summary_full},
		{"segment", metrics_uncounted(collect->probe)},
	};

	memcpy(ret, all, sizeof(all));
}
