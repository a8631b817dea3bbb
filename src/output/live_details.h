/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The details of one connection in the live view: its states as a bar, and all that the kernel has counted. */
#ifndef TCPVITALS_OUTPUT_LIVE_DETAILS_H
#define TCPVITALS_OUTPUT_LIVE_DETAILS_H

#include "output/live_draw.h"

/* Lines of the details, the title included. */
#define LIVE_DETAILS_LINES 12

/* Draws the selected connection, open or ended, into at most `lines` lines. */
void live_draw_details(const struct live_frame *frame, struct picture *picture, size_t line, size_t lines);

#endif
