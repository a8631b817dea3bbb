/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options that all tools have: which connections, the command, the output, the way into the kernel. */
#ifndef TCPVITALS_APP_OPTIONS_H
#define TCPVITALS_APP_OPTIONS_H

#include "core/scope.h"
#include "os/command_options.h"
#include "os/scope_options.h"
#include "probe/probe.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	APP_KEY_STRICT = 0x500,
	APP_KEY_HOOK,
	APP_KEY_STORAGE,
	APP_KEY_HASH_SIZE,
	APP_KEY_ACCEPT,
	APP_KEY_WITHOUT_CASTS
};

#define APP_HASH_SIZE_DEFAULT 65536

struct app_options {
	struct command_options command;
	struct scope scope;
	unsigned int names;   /* NAMES_ to look up */
	uint64_t duration_ns; /* 0: until interrupted */
	bool verbose;
	bool strict;                /* exit with 3 when anything was missed */
	unsigned int hooks_allowed; /* 1 << enum probe_hook, besides HOOK_AUTO: what this tool can do with */
	enum probe_hook hook;
	enum probe_storage storage;
	enum probe_accept accept;
	uint32_t hash_size; /* sockets that the hash remembers, where it is used */
	bool without_casts; /* for tests: as on kernels before 6.2 */
};

/* Rows of a tool's table of options, after SCOPE_OPTIONS of os/scope_options.h. `hooks` is the list for --help. */
#define APP_END_OPTIONS(group) {"duration", 'd', "TIME", 0, "end after TIME", group}, COMMAND_OPTIONS(group)
#define APP_FORMAT_OPTIONS(group)                                                                                      \
	OUT_OPTION(group), {"output", 'o', "FORMAT", 0, "text (the default), csv or json (JSON Lines)", group},        \
	{                                                                                                              \
		"csv", 's', 0, 0, "the same as -o csv", group                                                          \
	}
#define APP_RELIANCE_OPTIONS(group, hooks)                                                                             \
	{"strict", APP_KEY_STRICT, 0, 0, "exit with 3 if anything was missed", group},                                 \
		{"hook", APP_KEY_HOOK, "HOOK", 0, hooks, group},                                                       \
		{"storage", APP_KEY_STORAGE, "KIND", 0, "memory of a socket: auto, socket or hash", group},            \
		{"hash-size", APP_KEY_HASH_SIZE, "SOCKETS", 0, "sockets in the hash (default 65536)", group},          \
		{"accept", APP_KEY_ACCEPT, "HOOK", 0, "auto, fexit, kretprobe, receive or none", group},               \
		PRIORITY_OPTION(group), {"without-casts", APP_KEY_WITHOUT_CASTS, 0, OPTION_HIDDEN, 0, group},          \
	{                                                                                                              \
		"verbose", 'v', 0, 0, "say what is used, and what was lost", group                                     \
	}
#define APP_HELP_OPTIONS                                                                                               \
	{0, 0, 0, 0, "Help:", -1},                                                                                     \
	{                                                                                                              \
		0, 'h', 0, OPTION_HIDDEN, 0, -1                                                                        \
	}

/* One of these options, a word too many, or -h; else ARGP_ERR_UNKNOWN. Ends the process when it is refused. */
error_t app_option(int key, char *argument, struct argp_state *state, struct app_options *options);

/*
 * An option that only another tool has. Listed hidden in the table of options, so that the error can say what to use:
 * "invalid option -- 'P': REMEDY". Ends the process.
 */
struct app_foreign_option {
	char letter;
	const char *remedy;
};
#define APP_FOREIGN_OPTION(letter, argument)                                                                           \
	{                                                                                                              \
		0, letter, argument, OPTION_HIDDEN, 0, -1                                                              \
	}
error_t app_refuse_foreign(int key, const struct argp_state *state, const struct app_foreign_option *foreign);

/* When there are no more options. `of_connections`: rows are whole connections. Ends the process if something is wrong.
 */
void app_options_end(const struct argp_state *state, bool of_connections, struct app_options *options);

/* What of these the probe is to know. */
struct probe_wants app_wants(const char *tool, const struct app_options *options);

#endif
