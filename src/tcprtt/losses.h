/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_TCPRTT_LOSSES_H
#define TCPVITALS_TCPRTT_LOSSES_H

#include "core/loss.h"
#include "probe/probe.h"
#include "tcprtt/options.h"

#include <stdbool.h>

/*
 * Says on stderr what is not in the histograms, as far as the user needs to know, and with --verbose all there is.
 * Returns whether anything was lost. `reads`: the reader of the output has not left.
 */
bool losses_report(const struct tcprtt_options *options, const struct probe *probe, const struct loss_report *losses,
		   bool reads);

#endif
