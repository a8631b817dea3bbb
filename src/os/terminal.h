/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_TERMINAL_H
#define TCPVITALS_OS_TERMINAL_H

#include "core/escape.h"

#include <stdbool.h>
#include <stdint.h>

/* Columns of the terminal, or of $COLUMNS, or 80. */
uint32_t terminal_width(int fd);

/* A terminal that is not "dumb", and no NO_COLOR (https://no-color.org). */
bool terminal_has_color(int fd);

/* Whether this process has a controlling terminal. One that was closed is none. */
bool terminal_controls_us(void);

/*
 * Has the process count characters in UTF-8, which the tools write whatever the user's locale is, and returns what
 * does that. NULL where the C library has no such locale.
 */
cell_width *terminal_cells(void);

#endif
