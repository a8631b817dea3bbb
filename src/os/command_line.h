/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every tool's options have in common: argp, exit statuses, and errors that quote the bad word. */
#ifndef TCPVITALS_OS_COMMAND_LINE_H
#define TCPVITALS_OS_COMMAND_LINE_H

#include "core/parse.h"

#include <argp.h>

/*
 * argp_parse() with the house's rules: 2 for a wrong command line, messages that begin with the tool's bare name,
 * --help and --version to stdout, where a failed write is exit status 1. `version` must stay valid.
 */
void command_line_parse(const struct argp *argp, int argc, char **argv, const char *version, void *input);

/* Ends the process with that error. */
void command_line_fail(const struct argp_state *state, const struct parse_error *error);

/* The index of `word` in `names` (NULL-terminated); ends the process when it is none. `why` says what is allowed. */
int command_line_choose(const struct argp_state *state, const char *what, const char *word, const char *const names[],
			const char *why);

/* A number from 1 to `max`; ends the process when the text is refused. */
uint32_t command_line_number(const struct argp_state *state, const char *what, const char *text, uint32_t max);

/* A time of at least `min_ns`, in nanoseconds (core/parse.h); ends the process when the text is refused. */
uint64_t command_line_time(const struct argp_state *state, const char *what, const char *text, uint64_t min_ns);

#endif
