/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* The output of --help and --version counts: a full disk is an error. */
static void check_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "%s: cannot write to standard output: %s\n", program_invocation_short_name, strerror(errno));
	_exit(EXIT_FAILURE);
}

/*
 * Opens /dev/null for each standard descriptor that the caller has closed. Otherwise the next opened file gets its
 * number, and rows or diagnostics end up in that file. Standard output is opened for reading, so that a write still
 * fails.
 */
static void fill_closed_descriptors(void)
{
	static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
			_exit(EXIT_FAILURE);
	}
}

/* The variable by which a user formats the help of argp. By default: no three lines about long and short options. */
#define HELP_FORMAT "ARGP_HELP_FMT"

void command_line_parse(const struct argp *argp, int argc, char **argv, const char *version, void *input)
{
	bool own_format = !getenv(HELP_FORMAT);

	fill_closed_descriptors();
	argp_program_version = version;
	argp_err_exit_status = EXIT_USAGE;
	argv[0] = program_invocation_short_name; /* argp's own errors begin with this name */
	atexit(check_stdout);
	if (own_format)
		setenv(HELP_FORMAT, "no-dup-args-note", 0);
	argp_parse(argp, argc, argv, ARGP_IN_ORDER, NULL, input);
	if (own_format)
		unsetenv(HELP_FORMAT); /* a command has its own */
}

void command_line_fail(const struct argp_state *state, const struct parse_error *error)
{
	argp_error(state, "%s", error->text);
}

int command_line_choose(const struct argp_state *state, const char *what, const char *word, const char *const names[],
			const char *why)
{
	struct parse_error error;

	for (int i = 0; names[i]; i++) {
		if (!strcmp(word, names[i]))
			return i;
	}
	parse_fail(&error, what, word, strlen(word), why);
	command_line_fail(state, &error);
	return 0;
}

uint32_t command_line_number(const struct argp_state *state, const char *what, const char *text, uint32_t max)
{
	struct parse_error error;
	uint64_t value = 0;

	if (parse_u64(what, text, strlen(text), 1, max, &value, &error))
		command_line_fail(state, &error);
	return (uint32_t)value;
}

uint64_t command_line_time(const struct argp_state *state, const char *what, const char *text, uint64_t min_ns)
{
	struct parse_error error;
	uint64_t ns = 0;

	if (parse_time(what, text, min_ns, &ns, &error))
		command_line_fail(state, &error);
	return ns;
}
