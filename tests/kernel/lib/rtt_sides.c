/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_sides.h"

#include <inttypes.h>

#include "require.h"
#include "test.h"

const struct rtt_report *rtt_report_of(struct rtt_run *run, size_t tool)
{
	rtt_run_read(run, tool);
	require(run->reports.count == 1, "%zu reports", run->reports.count);
	return &run->reports.items[0];
}

static bool any(const struct rtt_probe *probe, const void *context)
{
	(void)probe;
	(void)context;
	return true;
}

uint64_t rtt_may_lack(const struct rtt_run *run)
{
	struct rtt_expected expected;
	uint64_t hideable;

	rtt_expect(&run->log, any, NULL, false, 0, &expected);
	hideable = expected.hideable_count + expected.hideable_zeros;
	rtt_expected_free(&expected);
	return hideable + run->lost;
}

void rtt_check_count(struct rtt_run *run, size_t tool, uint64_t expected, uint64_t retransmitted, const char *what)
{
	uint64_t counted = rtt_report_of(run, tool)->count, lack = rtt_may_lack(run);

	print_message("%s: %" PRIu64 " measurements, expected %" PRIu64 "; %" PRIu64 " retransmitted, may lack %" PRIu64
		      ", %" PRIu64 " unmeasured\n",
		      what, counted, expected, retransmitted, lack, run->unmeasured);
	require(counted <= expected + retransmitted && counted + retransmitted + lack >= expected,
		"%s: %" PRIu64 " measurements, not %" PRIu64, what, counted, expected);
	require(!run->unmeasured, "%s: %" PRIu64 " unmeasured", what, run->unmeasured);
}

struct rtt_sides rtt_start_both(struct rtt_run *run, const char *sample, uint16_t port)
{
	struct rtt_sides tools;

	tools.server = rtt_run_start(run, ARGS("--sample", sample, "-p", rtt_port_text(port)));
	tools.client = rtt_run_start(run, ARGS("--sample", sample, "-P", rtt_port_text(port)));
	return tools;
}

uint64_t rtt_retransmitted(const struct rtt_pair *pair)
{
	return rtt_info(pair->client).tcpi_total_retrans + rtt_info(pair->server).tcpi_total_retrans;
}

void rtt_check_unmeasured(struct rtt_run *run, size_t tool, uint64_t expected)
{
	uint64_t counted = rtt_report_of(run, tool)->count;

	require(!counted, "%" PRIu64 " samples where there is nothing to know", counted);
	require(run->unmeasured == expected, "%" PRIu64 " unmeasured, not %" PRIu64 ": %s", run->unmeasured, expected,
		tool_errors(&run->base.tools[tool]));
}
