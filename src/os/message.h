/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Diagnostics on stderr. */
#ifndef TCPVITALS_OS_MESSAGE_H
#define TCPVITALS_OS_MESSAGE_H

/*
 * Writes one line to stderr: the tool's name, the message and a newline. If a terminal or pipe takes nothing for 0.2 s,
 * the line is dropped: a diagnostic must not keep a tool from ending.
 */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
