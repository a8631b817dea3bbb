/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parsing of a command line with argp, common to all tools: exit statuses, and errors that quote the bad word. */
#ifndef TCPVITALS_OS_COMMAND_LINE_H
#define TCPVITALS_OS_COMMAND_LINE_H

#include "core/parse.h"

#include <argp.h>

/*
 * Calls argp_parse() with the rules of all tools. A wrong command line gives exit status 2, and messages begin with the
 * tool's bare name. A word that is no option reaches the parser between the options around it. The output of --help and
 * --version goes to stdout, and a failed write gives exit status 1. `version` must stay valid.
 */
void command_line_parse(const struct argp *argp, int argc, char **argv, const char *version, void *input);

/* Prints the error and ends the process. */
void command_line_fail(const struct argp_state *state, const struct parse_error *error);

/*
 * Returns the index of `word` in the NULL-terminated list `names`. Ends the process if `word` is not in the list; `why`
 * names the allowed words.
 */
int command_line_choose(const struct argp_state *state, const char *what, const char *word, const char *const names[],
			const char *why);

/* Parses a number from 1 to `max`. Ends the process if the text is refused. */
uint32_t command_line_number(const struct argp_state *state, const char *what, const char *text, uint32_t max);

/* Parses a time of at least `min_ns` (core/parse.h). Returns nanoseconds. Ends the process if the text is refused. */
uint64_t command_line_time(const struct argp_state *state, const char *what, const char *text, uint64_t min_ns);

#endif
