/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/losses.h"

#include "os/clock.h"
#include "os/message.h"
#include "probe/losses.h"
#include "tcpstates/cover.h"
#include "tcpstates/listeners.h"

#include <errno.h>

struct loss_report losses_count(const struct losses *losses, bool exact)
{
	const struct printer *printer = losses->printer;
	const struct cover *cover = printer->cover;
	const struct sink *sink = printer->sink;
	uint64_t unwritten = sink_unwritten(sink), printed = sink->rows, dropped = printer->discarded;
	struct loss_report report = losses->reported;

	if (cover) {
		unwritten = cover_unwritten(cover, sink_unwritten_lines(sink));
		printed = cover->printed;
		dropped += cover->dropped;
		report.unit = cover->unit;
	}
	if (printer->options->listeners.wanted)
		unwritten = listing_unwritten(losses->listing, sink_unwritten_lines(sink));
	probe_losses(losses->probe, exact, &report);
	/* A missed transition is no missing row: the next scan finds another state (`gaps`). */
	if (printer->options->stuck.states || printer->options->listeners.wanted)
		report.recursion = 0;
	report.delivered = printed - unwritten;
	report.undecoded = printer->undecoded;
	report.unjournaled = printer->unjournaled;
	report.unwritten = 0;
	if (printer->discarding || (sink->error && sink->error != -EPIPE))
		report.unwritten = dropped + unwritten;
	return report;
}

void losses_report(struct losses *losses, const struct loss_report *report)
{
	char text[LOSS_TEXT_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));

	loss_format(&out, report);
	message("%.*s", (int)out.length, text);
	losses->reported = *report;
	losses->reported_ns = clock_monotonic_ns();
}

void losses_report_new(struct losses *losses, bool exact)
{
	struct loss_report report = losses_count(losses, exact);

	if (!loss_grew(&losses->reported, &report))
		return;
	if (losses->reported_ns && clock_monotonic_ns() - losses->reported_ns < 1000000000)
		return;
	losses_report(losses, &report);
}
