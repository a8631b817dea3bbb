/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/scope_line.h"

#include "os/scope_options.h"
#include "os/scope_zones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	int key;
} words[] = {
	{"L", 'L'},
	{"lport", 'L'},
	{"localport", 'L'},
	{"D", 'D'},
	{"rport", 'D'},
	{"remoteport", 'D'},
	{"a", 'a'},
	{"laddr", 'a'},
	{"A", 'A'},
	{"raddr", 'A'},
	{"4", '4'},
	{"ipv4", '4'},
	{"6", '6'},
	{"ipv6", '6'},
	{"pid", SCOPE_KEY_PID},
	{"comm", SCOPE_KEY_COMM},
	{"cgroup", SCOPE_KEY_CGROUP},
	{"netns", SCOPE_KEY_NETNS},
	{"user", SCOPE_KEY_USER},
	{"role", SCOPE_KEY_ROLE},
	{"state", SCOPE_KEY_STATE},
	{"min-duration", SCOPE_KEY_MIN_DURATION},
	{"cause", SCOPE_KEY_CAUSE},
};

/* Cuts off the next word, without its quotes. Returns NULL at the end. */
static char *take_word(char **line)
{
	char *at = *line + strspn(*line, " \t"), *word = at, *to = at;
	char quote = '\0';

	if (!*at)
		return NULL;
	for (; *at && (quote || (*at != ' ' && *at != '\t')); at++) {
		if (*at == quote)
			quote = '\0';
		else if (!quote && (*at == '\'' || *at == '"'))
			quote = *at;
		else
			*to++ = *at;
	}
	*line = *at ? at + 1 : at;
	*to = '\0';
	return word;
}

/* Returns the key of an option, or 0. `length`: of the name, without a value behind "=". */
static int key_of(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == length && !memcmp(words[i].word, word, length))
			return words[i].key;
	return 0;
}

/* Handles one word, and takes its value from the line. */
static int add(char *word, char **line, struct scope *scope, struct parse_error *error)
{
	const char *name = word + strspn(word, "-");
	size_t length = strcspn(name, "=");
	int key = key_of(name, length);
	const char *value = name[length] ? name + length + 1 : NULL;

	if (!key)
		return parse_fail(error, "filter", word, strlen(word),
				  "not one of lport, rport, laddr, raddr, ipv4, ipv6, pid, comm, cgroup, netns, user, "
				  "role, state, min-duration, cause");
	if (!value && key != '4' && key != '6')
		value = take_word(line);
	if (!value && key != '4' && key != '6')
		return parse_fail(error, "filter", word, strlen(word), "a value must follow, as in lport 80");
	return scope_options_add(key, value, scope, error);
}

/* Completes the scope of open connections, or of those that have ended: only these have a cause. */
static int complete(struct scope *scope, struct parse_error *error)
{
	const struct scope_settings *settings = &scope->settings;
	bool by_cause = scope->causes[0] || scope->causes[1];

	if (by_cause && (settings->states_wanted || settings->states_unwanted || settings->min_duration_ns))
		return parse_refuse(error, "cause selects ended connections, state and min-duration select open ones; "
					   "leave one out");
	return scope_complete(scope, by_cause, error);
}

int scope_line_parse(char *line, struct scope *ret, struct parse_error *error)
{
	int failed = 0;
	char *word;

	memset(ret, 0, sizeof(*ret));
	while (!failed && (word = take_word(&line)))
		failed = add(word, &line, ret, error);
	if (!failed)
		failed = complete(ret, error);
	return failed ? failed : scope_zones_find(ret, error);
}

void scope_line_close(struct scope *scope)
{
	for (uint32_t i = 0; i < scope->place_count; i++)
		free(scope->places[i].path);
	free(scope->places);
	scope->places = NULL;
	scope->place_count = 0;
}
