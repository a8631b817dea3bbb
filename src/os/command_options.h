/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options of all tools about the command, the output file and the priority. */
#ifndef TCPVITALS_OS_COMMAND_OPTIONS_H
#define TCPVITALS_OS_COMMAND_OPTIONS_H

#include "core/scope.h"
#include "os/command.h"

#include <argp.h>

enum {
	COMMAND_KEY_OUT = 0x300,
	COMMAND_KEY_RUN_AS,
	COMMAND_KEY_LINGER,
	COMMAND_KEY_NO_PRIORITY
};

/* Entries for a table of options. */
#define OUT_OPTION(group)                                                                                              \
	{                                                                                                              \
		"out", COMMAND_KEY_OUT, "FILE", 0, "write to FILE or FILE.zst; SIGHUP opens it again", group           \
	}
#define COMMAND_OPTIONS(group)                                                                                         \
	{"linger", COMMAND_KEY_LINGER, "TIME", 0, "go on for TIME after COMMAND (default 0.1)", group},                \
	{                                                                                                              \
		"run-as", COMMAND_KEY_RUN_AS, "USER", 0, "run COMMAND as USER (default: sudo's caller)", group         \
	}
#define PRIORITY_OPTION(group)                                                                                         \
	{                                                                                                              \
		"no-priority", COMMAND_KEY_NO_PRIORITY, 0, 0, "do not use the real-time class", group                  \
	}

struct command_options {
	const char *out; /* NULL: standard output, or standard error with a command */
	bool no_priority;
	struct command command;
};

/*
 * Cuts the command line at the first "--", and prepares the command after it. Call it before anything else: see
 * command_prepare().
 */
void command_options_begin(int *argc, char **argv, struct command_options *ret);

/*
 * Handles one of these options. Returns 0, or ARGP_ERR_UNKNOWN for another option. Ends the process if the argument is
 * refused.
 */
error_t command_option(int key, const char *argument, const struct argp_state *state, struct command_options *options);

/*
 * Call it after the last option. With a command, limits `scope` to processes of the command. Ends the process if the
 * options do not fit together, or if the command cannot be followed.
 */
void command_options_end(const struct argp_state *state, struct command_options *options, struct scope *scope);

/* Whether the file of --out is to be compressed: its name ends in ".zst". */
bool command_compresses(const struct command_options *options);

/* The file of --out. NULL: no --out, or `out` stands for a descriptor that another process has opened. */
const char *command_output_file(const struct command_options *options);

/*
 * Opens the output: returns the descriptor, and its name for diagnostics. A file is emptied, and then appended to.
 * Returns 0, or a negative errno; *ret_name is set in both cases.
 */
int command_open_output(const struct command_options *options, int *ret_fd, const char **ret_name);

#endif
