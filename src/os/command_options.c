/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/command_options.h"

#include "core/parse.h"
#include "os/command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The other end acknowledges the FIN of a last close() up to 40 ms later, also on loopback. */
#define LINGER_DEFAULT_NS 100000000ULL

/* The first "--" ends the options, because no option takes "--" as its argument. */
void command_options_begin(int *argc, char **argv, struct command_options *ret)
{
	struct command_options options = {};

	for (int i = 1; i < *argc && !options.command.argv; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		options.command.argv = argv + i + 1;
		*argc = i;
	}
	command_prepare(&options.command);
	*ret = options;
}

error_t command_option(int key, const char *argument, const struct argp_state *state, struct command_options *options)
{
	struct parse_error error;

	switch (key) {
	case COMMAND_KEY_OUT:
		options->out = argument;
		return 0;
	case COMMAND_KEY_RUN_AS:
		if (account_find(argument, &options->command.account, &error))
			command_line_fail(state, &error);
		options->command.changes_user = true;
		return 0;
	case COMMAND_KEY_NO_PRIORITY:
		options->no_priority = true;
		return 0;
	case COMMAND_KEY_LINGER:
		options->command.linger_ns = command_line_time(state, "time to linger", argument, PARSE_TIME_MS);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Chooses the user who called sudo, unless --run-as names one. */
static void choose_user(const struct argp_state *state, struct command *command)
{
	struct parse_error error;
	int failed;

	if (command->changes_user)
		return;
	failed = account_of_sudo(&command->account, &error);
	if (failed == -EINVAL)
		command_line_fail(state, &error);
	command->changes_user = !failed && command->account.uid;
}

void command_options_end(const struct argp_state *state, struct command_options *options, struct scope *scope)
{
	struct command *command = &options->command;
	int error;

	if (!command->argv && (command->changes_user || command->linger_ns))
		argp_error(state, "%s needs a command; put the command after --",
			   command->changes_user ? "--run-as" : "--linger");
	if (!command->argv)
		return;
	if (!command->argv[0])
		argp_error(state, "a command must follow --");
	choose_user(state, command);
	if (!command->linger_ns)
		command->linger_ns = LINGER_DEFAULT_NS;
	error = command_root(&scope->settings.tree);
	if (error)
		argp_error(state, "cannot follow a command without /proc: %s", strerror(-error));
}

/*
 * Returns the descriptor that a path like /dev/stdout stands for, or -1. Such a path must not be opened by name. A file
 * would be emptied, and written at a second position over the command's output. A socket cannot be opened at all.
 */
static int inherited_fd(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	struct parse_error unused;
	uint64_t fd;

	if (strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t length = strlen(folders[i]);

		if (strncmp(path, folders[i], length) == 0 &&
		    !parse_u64("descriptor", path + length, strlen(path + length), 0, INT_MAX, &fd, &unused))
			return (int)fd;
	}
	return -1;
}

const char *command_output_file(const struct command_options *options)
{
	return options->out && inherited_fd(options->out) < 0 ? options->out : NULL;
}

bool command_compresses(const struct command_options *options)
{
	const char *file = command_output_file(options);
	size_t length = file ? strlen(file) : 0;

	return length >= 4 && !strcmp(file + length - 4, ".zst");
}

int command_open_output(const struct command_options *options, int *ret_fd, const char **ret_name)
{
	int fd;

	if (!options->out) {
		*ret_name = options->command.argv ? "standard error" : "standard output";
		*ret_fd = options->command.argv ? STDERR_FILENO : STDOUT_FILENO;
		return 0;
	}
	*ret_name = options->out;
	fd = inherited_fd(options->out);
	if (fd < 0)
		fd = open(options->out, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}
