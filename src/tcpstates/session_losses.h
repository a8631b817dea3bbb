/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel side of tcpstates has counted as lost. */
#ifndef TCPVITALS_TCPSTATES_SESSION_LOSSES_H
#define TCPVITALS_TCPSTATES_SESSION_LOSSES_H

#include "core/loss.h"

#include <stdbool.h>

struct session;

/* Adds the kernel's counters to `report`; with `exact`, also those that take a system call to read. Rows held back are
 * not in it. */
void session_losses(const struct session *session, bool exact, struct loss_report *report);

#endif
