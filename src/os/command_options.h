/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both tools' command lines have in common about a command to run, the output, and the priority. */
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

/* Rows of a table of options. */
#define OUT_OPTION(group)                                                                                              \
	{                                                                                                              \
		"out", COMMAND_KEY_OUT, "FILE", 0, "write to FILE; SIGHUP opens it again", group                       \
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
	const char *out; /* NULL: a standard descriptor */
	bool no_priority;
	struct command command;
};

/*
 * Takes the command behind the first "--" off the command line, and prepares it. Before anything else is done: see
 * command_prepare().
 */
void command_options_begin(int *argc, char **argv, struct command_options *ret);

/* One of these options, or ARGP_ERR_UNKNOWN. Ends the process when its argument is refused. */
error_t command_option(int key, const char *argument, const struct argp_state *state, struct command_options *options);

/* When there are no more options: with a command, `scope` is of its processes only. Ends the process if that cannot be.
 */
void command_options_end(const struct argp_state *state, struct command_options *options, struct scope *scope);

/* The file of --out, or NULL: there is none, or it stands for a descriptor that somebody else has opened. */
const char *command_output_file(const struct command_options *options);

/*
 * The descriptor for the output, and its name for diagnostics: the file is emptied, and appended to from then on. 0 or
 * a negative errno and the name.
 */
int command_open_output(const struct command_options *options, int *ret_fd, const char **ret_name);

#endif
