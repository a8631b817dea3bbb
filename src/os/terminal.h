/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The terminal: width, color, controlling terminal, and cells of a character. */
#ifndef TCPVITALS_OS_TERMINAL_H
#define TCPVITALS_OS_TERMINAL_H

#include "core/escape.h"

#include <stdbool.h>
#include <stdint.h>

/* Returns the columns of the terminal, else $COLUMNS, else 80. */
uint32_t terminal_width(int fd);

/*
 * Returns whether to print colors: `fd` is a terminal, TERM is not "dumb", and NO_COLOR is not set
 * (https://no-color.org).
 */
bool terminal_has_color(int fd);

/* Returns whether this process has a controlling terminal. A closed terminal does not count. */
bool terminal_controls_us(void);

/*
 * Sets the locale C.UTF-8 for characters, because the tools write UTF-8 under every locale of the user. Returns a
 * function that counts the cells of a character, or NULL if the C library lacks the locale.
 */
cell_width *terminal_cells(void);

#endif
