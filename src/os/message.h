/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_MESSAGE_H
#define TCPVITALS_OS_MESSAGE_H

/*
 * One line to stderr with the tool's name in front and a newline behind. A terminal or pipe that takes nothing for 0.2
 * s goes without: a diagnostic must not keep a tool from ending.
 */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
