/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A line in the words of the scope language: "lport 80,443 comm 'ng*' raddr !10.0.0.0/8", or "-L 80 --comm=nginx". */
#ifndef TCPVITALS_OS_SCOPE_LINE_H
#define TCPVITALS_OS_SCOPE_LINE_H

#include "core/scope.h"

/*
 * Parses a line into a scope for open connections, complete for scope_match(); with a cause, for connections that have
 * ended. The line is cut into words, which the scope goes on using. The words are the names of the options, with or
 * without "--", or their letters.
 *
 * Returns 0, or -EINVAL with the reason in `error`. Call scope_line_close() in both cases.
 */
int scope_line_parse(char *line, struct scope *ret, struct parse_error *error);
void scope_line_close(struct scope *scope);

#endif
