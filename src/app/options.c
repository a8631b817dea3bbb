/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/options.h"

#include "core/strbuf.h"
#include "os/command_line.h"

#include <string.h>

#define HASH_SIZE_MAX (16 << 20)

static const char *const hook_names[] = {
	[HOOK_AUTO] = "auto",     [HOOK_TP_BTF] = "tp_btf", [HOOK_TRACEPOINT] = "tracepoint",
	[HOOK_FENTRY] = "fentry", [HOOK_KPROBE] = "kprobe",
};

#define HOOKS (sizeof(hook_names) / sizeof(hook_names[0]))

static enum probe_hook choose_hook(const struct argp_state *state, const char *word, unsigned int allowed)
{
	const char *names[HOOKS + 1];
	enum probe_hook hooks[HOOKS];
	char why[128];
	struct strbuf out = strbuf_over(why, sizeof(why) - 1);
	size_t count = 0;

	for (enum probe_hook hook = HOOK_AUTO; hook < HOOKS; hook++) {
		if (hook != HOOK_AUTO && !(allowed >> hook & 1))
			continue;
		strbuf_append_string(&out, count ? ", " : "not one of ");
		strbuf_append_string(&out, hook_names[hook]);
		names[count] = hook_names[hook];
		hooks[count++] = hook;
	}
	names[count] = NULL;
	why[out.length] = '\0';
	return hooks[command_line_choose(state, "hook", word, names, why)];
}

static error_t kernel_option(int key, const char *argument, const struct argp_state *state, struct app_options *options)
{
	static const char *const storages[] = {"auto", "socket", "hash", NULL};
	static const char *const accepts[] = {"auto", "fexit", "kretprobe", "receive", "none", NULL};

	switch (key) {
	case APP_KEY_STRICT:
		options->strict = true;
		return 0;
	case APP_KEY_HOOK:
		options->hook = choose_hook(state, argument, options->hooks_allowed);
		return 0;
	case APP_KEY_STORAGE:
		options->storage =
			command_line_choose(state, "storage", argument, storages, "not one of auto, socket, hash");
		return 0;
	case APP_KEY_HASH_SIZE:
		options->hash_size = command_line_number(state, "number of sockets", argument, HASH_SIZE_MAX);
		return 0;
	case APP_KEY_ACCEPT:
		options->accept = command_line_choose(state, "accept hook", argument, accepts,
						      "not one of auto, fexit, kretprobe, receive, none");
		return 0;
	case APP_KEY_FLEET:
		options->fleet = true;
		return 0;
	case APP_KEY_WITHOUT_CASTS:
		options->without_casts = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void refuse_word(const char *word, const struct argp_state *state)
{
	struct parse_error error;
	char why[128];
	struct strbuf out = strbuf_over(why, sizeof(why) - 1);

	strbuf_append_string(&out, state->name);
	strbuf_append_literal(&out, " takes options only; put a command after --");
	why[out.length] = '\0';
	parse_fail(&error, "argument", word, strlen(word), why);
	command_line_fail(state, &error);
}

error_t app_option(int key, char *argument, struct argp_state *state, struct app_options *options)
{
	switch (key) {
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case ARGP_KEY_ARG:
		refuse_word(argument, state);
		return 0;
	case 'd':
		options->duration_ns = command_line_time(state, "duration", argument, PARSE_TIME_MS);
		return 0;
	}
	if (scope_option(key, argument, state, &options->scope) == 0)
		return 0;
	if (command_option(key, argument, state, &options->command) == 0)
		return 0;
	return kernel_option(key, argument, state, options);
}

error_t app_refuse_foreign(int key, const struct argp_state *state, const struct app_foreign_option *foreign)
{
	for (; foreign->letter; foreign++) {
		if (key == foreign->letter)
			argp_error(state, "invalid option -- '%c': %s", key, foreign->remedy);
	}
	return ARGP_ERR_UNKNOWN;
}

void app_options_format(const struct argp_state *state, bool json, struct app_options *options)
{
	if (options->fleet && !json)
		argp_error(state, "--fleet is for JSON; add -o json");
	/* With --fleet, a file goes to a table of rows, and each row tells its run. */
	options->records = json && !options->fleet && command_output_file(&options->command);
}

void app_options_end(const struct argp_state *state, bool of_connections, struct app_options *options)
{
	command_options_end(state, &options->command, &options->scope);
	scope_options_end(state, of_connections, &options->scope);
}

struct probe_wants app_wants(const char *tool, const struct app_options *options)
{
	return (struct probe_wants){
		.tool = tool,
		.scope = &options->scope,
		.uses_older_sockets = !options->command.command.argv, /* all connections of a command are new */
		.hook = options->hook,
		.storage = options->storage,
		.accept = options->accept,
		.hash_size = options->hash_size,
		.without_casts = options->without_casts,
		.verbose = options->verbose,
	};
}
