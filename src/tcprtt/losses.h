/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The losses of tcprtt, as diagnostics. */
#ifndef TCPVITALS_TCPRTT_LOSSES_H
#define TCPVITALS_TCPRTT_LOSSES_H

#include "core/loss.h"
#include "probe/probe.h"
#include "tcprtt/options.h"

#include <stdbool.h>

/*
 * Reports samples that are not in the histograms, as far as the user needs them; with --verbose, all. Returns whether
 * anything was lost. `reads`: the reader of the output has not closed its end.
 */
bool losses_report(const struct tcprtt_options *options, const struct probe *probe, const struct loss_report *losses,
		   bool reads);

#endif
