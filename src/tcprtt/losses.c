/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/losses.h"

#include "core/histogram.h"
#include "os/message.h"
#include "probe/samples.h"

#define NO_MEMORY "for lack of memory (net.core.optmem_max, --hash-size)"

static void report_number(uint64_t number, const char *one, const char *many)
{
	if (number)
		message("%llu %s", (unsigned long long)number, number == 1 ? one : many);
}

/*
 * Segments before the first measurement are none, and a connection that ended before one has no minimum: the histograms
 * have everything, unless they have nothing. The others leave out connections that took long.
 */
static const struct {
	bool is_gap;
	const char *one, *many;
	const char *none; /* why there is no sample, when all that there was has been measured */
} kinds[] = {
	[RTT_SRTT] = {false, "segment without a measurement of its connection so far",
		      "segments without a measurement of their connections so far",
		      "no connection in scope received a segment"},
	[RTT_RTT] = {true, "connection without a measurement: it has no SACK",
		     "connections without a measurement: they have no SACK",
		     "no connection in scope had its round-trip time measured"},
	[RTT_MIN] = {false, "connection without a measurement until it ended",
		     "connections without a measurement until they ended", "no connection in scope ended"},
	[RTT_HANDSHAKE] = {true, "connection without a measurement: a SYN was sent again, without timestamps",
			   "connections without a measurement: a SYN was sent again, without timestamps",
			   "no connection in scope was established"},
};

static void report_nothing(const char *why, const struct rtt_counters *counters, const struct loss_report *losses)
{
	if (!losses->delivered && !loss_missed(losses) && !counters->unmeasured)
		message("no sample: %s", why);
}

bool losses_report(const struct tcprtt_options *options, const struct probe *probe, const struct loss_report *losses,
		   bool reads)
{
	const struct rtt_counters *counters = samples_counters(probe);
	enum rtt_sample sample = options->sample;
	struct histogram other;
	char text[LOSS_TEXT_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));

	loss_format(&out, losses);
	if (options->app.verbose || loss_missed(losses))
		message("%.*s", (int)out.length, text);
	if (options->app.verbose || kinds[sample].is_gap || !losses->delivered)
		report_number(counters->unmeasured, kinds[sample].one, kinds[sample].many);
	if (options->app.verbose || reads)
		report_nothing(kinds[sample].none, counters, losses);
	if (tcprtt_is_grouped(options) && !samples_read_group(probe, RTT_GROUP_OTHER, &other))
		report_number(histogram_count(&other), "sample of groups beyond --max-keys is in the group \"other\"",
			      "samples of groups beyond --max-keys are in the group \"other\"");
	report_number(counters->storage_full, "sample is not told apart, or not taken, " NO_MEMORY,
		      "samples are not told apart, or not taken, " NO_MEMORY);
	/* Without memory for it, --sample rtt cannot look at a connection at all. */
	return loss_missed(losses) || (counters->storage_full && sample == RTT_RTT);
}
