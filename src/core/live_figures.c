/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/live_figures.h"

#include "core/connection.h"
#include "core/part.h"

#define NS_PER_S 1000000000ULL

uint64_t live_per_second(uint64_t count, uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)count * NS_PER_S + ns - 1) / ns);
}

/* Returns the time that the rates are about; 0: unknown. */
static uint64_t length_of(const struct part *part, uint64_t interval_ns)
{
	const struct connection *change = &part->change;
	uint64_t from_ns = part->from_ns;

	/* From its beginning on: an older connection has counted before. A brief one has a rate of the interval, too.
	 */
	if (!from_ns && !change->life.is_old)
		from_ns = change->life.start_ns;
	if (!part->from_ns && from_ns && change->end.time_ns < from_ns + interval_ns)
		return interval_ns;
	return from_ns && change->end.time_ns > from_ns ? change->end.time_ns - from_ns : 0;
}

struct live_figures live_figures_of(const struct connection *before, const struct connection *now, uint64_t interval_ns)
{
	struct live_figures figures = {
		.total = {now->bytes_received, now->bytes_acked, now->retransmits},
		.recv_queue = now->recv_queue,
		.send_queue = now->send_queue,
		.rtt_sum_us = now->srtt_us,
		.rtt_count = now->srtt_us != 0,
		.connections = 1,
	};
	struct part part;
	uint64_t ns;

	part_between(before, now, &part);
	ns = length_of(&part, interval_ns);
	figures.has_rate = ns != 0;
	if (ns) {
		figures.rate[LIVE_IN] = live_per_second(part.change.bytes_received, ns);
		figures.rate[LIVE_OUT] = live_per_second(part.change.bytes_acked, ns);
		figures.rate[LIVE_RETRANS] = live_per_second(part.change.retransmits, ns);
	}
	figures.limits_now[connection_limit(&part.change, part.from_ns)]++;
	figures.limits_total[connection_limit(now, 0)]++;
	return figures;
}

enum limited_by live_figures_limit(const struct live_figures *figures, bool totals)
{
	const uint32_t *counts = totals ? figures->limits_total : figures->limits_now;
	enum limited_by most = counts[LIMITED_BY_NONE] ? LIMITED_BY_NONE : LIMITED_UNKNOWN;

	for (int limit = LIMITED_BY_NONE + 1; limit < LIMITED_BY_COUNT; limit++)
		if (counts[limit] && (most <= LIMITED_BY_NONE || counts[limit] > counts[most]))
			most = (enum limited_by)limit;
	return most;
}

void live_figures_add(struct live_figures *sum, const struct live_figures *figures)
{
	for (size_t i = 0; i < LIVE_COUNTERS; i++) {
		sum->total[i] += figures->total[i];
		sum->rate[i] += figures->rate[i];
	}
	for (size_t i = 0; i < LIMITED_BY_COUNT; i++) {
		sum->limits_now[i] += figures->limits_now[i];
		sum->limits_total[i] += figures->limits_total[i];
	}
	sum->recv_queue += figures->recv_queue;
	sum->send_queue += figures->send_queue;
	sum->rtt_sum_us += figures->rtt_sum_us;
	sum->rtt_count += figures->rtt_count;
	sum->connections += figures->connections;
	sum->has_rate |= figures->has_rate;
}
