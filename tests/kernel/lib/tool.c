/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tool.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_SECONDS 30
#define STOP_SECONDS  30

/* $TCPSTATES or build/tcpstates, in a static buffer. */
static const char *tool_path(const char *name)
{
	static char path[512], variable[32];
	const char *chosen;

	for (size_t i = 0; i < sizeof(variable) && (!i || variable[i - 1]); i++)
		variable[i] = (char)toupper((unsigned char)name[i]);
	chosen = getenv(variable);
	snprintf(path, sizeof(path), "%s%s", chosen && *chosen ? "" : "build/", chosen && *chosen ? chosen : name);
	return path;
}

const char *tool_errors(const struct tool *tool)
{
	return process_said(tool->err);
}

void tool_start(struct tool *tool, const char *const *args, int out)
{
	tool_start_json(tool, "tcpstates", args, out);
}

void tool_start_json(struct tool *tool, const char *name, const char *const *args, int out)
{
	const char *all[TOOL_MAX_ARGS + 4] = {"-o", "json", "-v"};

	for (size_t count = 3; args && *args && count < TOOL_MAX_ARGS + 3; args++)
		all[count++] = *args;
	tool_start_other(tool, name, all, out);
}

void tool_await_error(struct tool *tool, const char *text, unsigned int seconds)
{
	bool said = process_await(&tool->process, tool->err, (const char *const[]){text, NULL}, seconds);

	require(said || tool->process.pid, "the tool ended with status %#x: %s", tool->process.status,
		tool_errors(tool));
	require(said, "the tool does not say \"%s\" after %u s: %s", text, seconds, tool_errors(tool));
}

void tool_start_other(struct tool *tool, const char *name, const char *const *args, int out)
{
	const char *argv[TOOL_MAX_ARGS + 7] = {NULL};
	size_t count = 0;

	require(!access(tool_path(name), X_OK), "no tool to test at %s (make)", tool_path(name));
	*tool = (struct tool){.name = name, .refused = tool->refused};
	if (tool->refused) {
		argv[count++] = "build/tests/refuse/refuse_bpf";
		argv[count++] = tool->refused;
	}
	argv[count++] = tool_path(name);
	for (; args && *args && count < TOOL_MAX_ARGS + 6; args++)
		argv[count++] = *args;
	tool->out = out >= 0 ? out : process_file("stdout");
	tool->err = process_file("stderr");
	tool->start_ns = now_ns();
	process_start(&tool->process, argv, -1, tool->out, tool->err);
	tool_await_error(tool, ": tracing\n", START_SECONDS);
	tool->tracing_ns = now_ns();
}

void tool_wait(struct tool *tool, unsigned int seconds)
{
	require(process_wait(&tool->process, seconds), "the tool has not ended after %u s: %s", seconds,
		tool_errors(tool));
}

void tool_stop(struct tool *tool, int signal)
{
	require(!process_has_ended(&tool->process), "the tool ended by itself with status %#x: %s",
		tool->process.status, tool_errors(tool));
	tool->stop_ns = now_ns();
	kill(tool->process.pid, signal);
	tool_wait(tool, STOP_SECONDS);
}

void tool_drop(struct tool *tool)
{
	process_kill(&tool->process);
	if (tool->err > 0) {
		close(tool->err);
		close(tool->out);
	}
	memset(tool, 0, sizeof(*tool));
}

int tool_exit_code(const struct tool *tool)
{
	require(!tool->process.pid, "the tool still runs");
	require(WIFEXITED(tool->process.status), "the tool was ended by signal %d: %s", WTERMSIG(tool->process.status),
		tool_errors(tool));
	return WEXITSTATUS(tool->process.status);
}

void tool_expect_success(const struct tool *tool)
{
	int code = tool_exit_code(tool);

	require(!code, "the tool ended with %d: %s", code, tool_errors(tool));
}

static uint64_t count_of(const char *line, const char *cause)
{
	const char *at = strstr(line, cause);

	if (!at)
		return 0;
	while (at > line && (at[-1] == ' ' || (at[-1] >= '0' && at[-1] <= '9')))
		at--;
	return strtoull(at, NULL, 10);
}

/* "tcpstates: lost 12 of 100032 rows: 12 found no room in the ring buffers", or "lost 0 of 100032 rows: nothing was
 * missed" */
void tool_read_losses(const struct tool *tool, struct tool_losses *ret_losses)
{
	static const char start[] = ": lost ";
	char *text = strdup(tool_errors(tool));
	char *line = NULL, *at = text;
	struct tool_losses losses = {0};

	/* The last one: earlier lines tell the first of each kind. */
	while ((at = strstr(at, start)))
		line = at++;
	require(line, "no \"%s\" on stderr: %s", start, text);
	line[strcspn(line, "\n")] = '\0';
	require(sscanf(line, ": lost %" SCNu64 " of %" SCNu64, &losses.lost, &losses.seen) == 2, "not understood: %s",
		line);
	losses.ring_full = count_of(line, " found no room in the ring buffers");
	losses.summary_full = count_of(line, " found no room among the counters");
	losses.recursion = count_of(line, " came while the program was busy");
	losses.undecoded = count_of(line, " could not be decoded");
	losses.unwritten = count_of(line, " could not be written");
	require(losses.ring_full + losses.summary_full + losses.recursion + losses.undecoded + losses.unwritten ==
			losses.lost,
		"the causes do not add up: %s", line);
	free(text);
	*ret_losses = losses;
}
