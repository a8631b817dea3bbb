/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The help of the live view. */
#ifndef TCPVITALS_OUTPUT_LIVE_HELP_H
#define TCPVITALS_OUTPUT_LIVE_HELP_H

#include "core/picture.h"

/* Draws the lines of the help from number `top`, at most `lines`. */
void live_draw_help(struct picture *picture, size_t line, size_t lines, size_t top);

#endif
