/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcprtt/losses.h"

#include "core/histogram.h"
#include "os/message.h"
#include "probe/samples.h"

#define NO_MEMORY "for lack of memory (raise net.core.optmem_max or --hash-size)"

static void report_number(uint64_t number, const char *one, const char *many)
{
	if (number)
		message("%llu %s", (unsigned long long)number, number == 1 ? one : many);
}

/*
 * The messages for each kind of sample. `is_gap`: unmeasured ones may be long connections, so they are always reported.
 * Otherwise nothing is missing from the histograms, and they are reported only if there is no sample. Segments before
 * the first measurement are no samples, and a connection that ended before one has no minimum.
 */
static const struct {
	bool is_gap;
	const char *one, *many;
	const char *none; /* why there is no sample, if everything that occurred was measured */
} kinds[] = {
	[RTT_SRTT] = {false, "segment without a measurement: it came before the first one of its connection",
		      "segments without a measurement: they came before the first one of their connections",
		      "no connection in scope received a segment"},
	[RTT_RTT] = {true, "connection without a measurement: it has no SACK",
		     "connections without a measurement: they have no SACK",
		     "no connection in scope had its round-trip time measured"},
	[RTT_MIN] = {false, "connection without a measurement: it ended before the first one",
		     "connections without a measurement: they ended before the first one",
		     "no connection in scope ended"},
	[RTT_HANDSHAKE] = {true, "connection without a measurement: a SYN was sent again, without timestamps",
			   "connections without a measurement: a SYN was sent again, without timestamps",
			   "no connection in scope was established"},
};

static void report_nothing(const char *why, const struct rtt_counters *counters, const struct loss_report *losses)
{
	if (!losses->delivered && !loss_missed(losses) && !counters->unmeasured && !counters->unheld)
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
	if (tcprtt_is_grouped(options) && !samples_read_group(probe, GROUP_OTHER, &other))
		report_number(histogram_count(&other), "sample of groups beyond --max-keys is in the group \"other\"",
			      "samples of groups beyond --max-keys are in the group \"other\"");
	report_number(counters->storage_full, "sample is in an incomplete group, or not taken, " NO_MEMORY,
		      "samples are in incomplete groups, or not taken, " NO_MEMORY);
	report_number(counters->unheld, "sample came before the accept, and found no room to wait for it: not taken",
		      "samples came before the accept, and found no room to wait for it: not taken");
	/* Without memory for its socket, --sample rtt cannot measure a connection. */
	return loss_missed(losses) || counters->unheld || (counters->storage_full && sample == RTT_RTT);
}
