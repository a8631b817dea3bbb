/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_TERMINAL_H
#define TCPVITALS_OS_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Columns of the terminal, or of $COLUMNS, or 80. */
uint32_t terminal_width(int fd);

/* A terminal that is not "dumb", and no NO_COLOR (https://no-color.org). */
bool terminal_has_color(int fd);

/* Whether this process has a controlling terminal. One that was closed is none. */
bool terminal_controls_us(void);

#endif
