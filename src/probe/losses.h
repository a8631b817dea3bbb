/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel side has counted as lost. */
#ifndef TCPVITALS_PROBE_LOSSES_H
#define TCPVITALS_PROBE_LOSSES_H

#include "core/loss.h"
#include "probe/probe.h"

#include <stdbool.h>

/* Adds the kernel's counters to `report`; with `exact`, also those that take a system call to read. Rows held back are
 * not in it. */
void probe_losses(const struct probe *probe, bool exact, struct loss_report *report);

#endif
