/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options that all tools have: scope, command, output, the way into the kernel. */
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
	APP_KEY_WITHOUT_CASTS,
	APP_KEY_FLEET
};

#define APP_HASH_SIZE_DEFAULT 65536

struct app_options {
	struct command_options command;
	struct scope scope;
	unsigned int names;   /* NAMES_ bits to look up */
	uint64_t duration_ns; /* 0: until interrupted */
	bool records;         /* JSON Lines in a file: the first and the last line tell of the run */
	bool fleet;           /* JSON objects say which host and run they are of */
	bool verbose;
	bool strict;                /* exit with 3 when anything was missed */
	unsigned int hooks_allowed; /* hooks of this tool besides HOOK_AUTO: bits 1 << enum probe_hook */
	enum probe_hook hook;
	enum probe_storage storage;
	enum probe_accept accept;
	uint32_t hash_size; /* sockets that fit into the hash, where a hash is used */
	bool without_casts; /* for tests: the programs for kernels before 6.2 */
};

/* Rows of a tool's table of options, after SCOPE_OPTIONS of os/scope_options.h. `hooks` is the list for --help. */
#define APP_END_OPTIONS(group) {"duration", 'd', "TIME", 0, "end after TIME", group}, COMMAND_OPTIONS(group)
#define APP_FORMAT_OPTIONS(group)                                                                                      \
	OUT_OPTION(group), {"output", 'o', "FORMAT", 0, "text (the default), csv or json (JSON Lines)", group},        \
		{"fleet", APP_KEY_FLEET, 0, 0, "json: host, boot_id, run and seq in each object", group},              \
	{                                                                                                              \
		"csv", 's', 0, 0, "the same as -o csv", group                                                          \
	}
#define APP_HOOK_OPTIONS(group, hooks)                                                                                 \
	{"hook", APP_KEY_HOOK, "HOOK", 0, hooks, group},                                                               \
		{"accept", APP_KEY_ACCEPT, "HOOK", 0, "auto, fexit, kretprobe, receive or none", group},               \
		{"without-casts", APP_KEY_WITHOUT_CASTS, 0, OPTION_HIDDEN, 0, group},                                  \
	{                                                                                                              \
		"verbose", 'v', 0, 0, "say what is used, and what was lost", group                                     \
	}
#define APP_KERNEL_OPTIONS(group, hooks)                                                                               \
	{"strict", APP_KEY_STRICT, 0, 0, "exit with 3 if anything was missed", group},                                 \
		{"storage", APP_KEY_STORAGE, "KIND", 0, "memory of a socket: auto, socket or hash", group},            \
		{"hash-size", APP_KEY_HASH_SIZE, "SOCKETS", 0, "sockets in the hash (default 65536)", group},          \
		PRIORITY_OPTION(group), APP_HOOK_OPTIONS(group, hooks)
#define APP_HELP_OPTIONS                                                                                               \
	{0, 0, 0, 0, "Help:", -1},                                                                                     \
	{                                                                                                              \
		0, 'h', 0, OPTION_HIDDEN, 0, -1                                                                        \
	}

/*
 * Handles one of these options, an argument that is not an option (an error), or -h; else returns ARGP_ERR_UNKNOWN. An
 * error ends the process.
 */
error_t app_option(int key, char *argument, struct argp_state *state, struct app_options *options);

/*
 * An option that only another tool has. The table of options lists it as hidden, so that the error can have a remedy:
 * "invalid option -- 'P': REMEDY". app_refuse_foreign() ends the process if `key` is in the list, which ends with
 * letter 0; else it returns ARGP_ERR_UNKNOWN.
 */
struct app_foreign_option {
	char letter;
	const char *remedy;
};
#define APP_FOREIGN_OPTION(letter)                                                                                     \
	{                                                                                                              \
		0, letter, 0, OPTION_HIDDEN, 0, -1                                                                     \
	}
error_t app_refuse_foreign(int key, const struct argp_state *state, const struct app_foreign_option *foreign);

/* Call it when the format is known. `json`: the output is JSON Lines. An error ends the process. */
void app_options_format(const struct argp_state *state, bool json, struct app_options *options);

/*
 * Checks the options together, after the last one. `of_connections`: rows are whole connections. An error ends the
 * process.
 */
void app_options_end(const struct argp_state *state, bool of_connections, struct app_options *options);

/* Returns the part of the options that the probe needs. */
struct probe_wants app_wants(const char *tool, const struct app_options *options);

#endif
