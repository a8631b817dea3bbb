/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loss counters of the kernel side. */
#ifndef TCPVITALS_PROBE_LOSSES_H
#define TCPVITALS_PROBE_LOSSES_H

#include "core/loss.h"
#include "probe/probe.h"

#include <stdbool.h>

/*
 * Sets the kernel's counters in `report`. With `exact`, also sets the counters that need a system call. Rows held back
 * (report->held) are not set.
 */
void probe_losses(const struct probe *probe, bool exact, struct loss_report *report);

#endif
