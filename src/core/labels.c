/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/labels.h"

#include "core/escape.h"

#include <errno.h>
#include <string.h>

#define WORDS "port, role, comm, unit, container, pod, cgroup, netns, prefix:LEN[/LEN6], none"

#define PREFIX_WORD "prefix:"

static const struct {
	const char *word;
	const char *grouping; /* the word of --by; NULL: the word itself */
} kinds[LABEL_KINDS] = {
	[LABEL_PORT] = {"port", NULL},
	[LABEL_ROLE] = {"role", NULL},
	[LABEL_COMM] = {"comm", NULL},
	[LABEL_UNIT] = {"unit", "cgroup"},
	[LABEL_POD] = {"pod", "cgroup"},
	[LABEL_CGROUP] = {"cgroup", NULL},
	[LABEL_CONTAINER] = {"container", "cgroup"},
	[LABEL_NETNS] = {"netns", NULL},
	[LABEL_PREFIX] = {"prefix", NULL},
};

const char *label_name(enum label_kind kind)
{
	return kinds[kind].word;
}

static bool is_by_cgroup(enum label_kind kind)
{
	return kind == LABEL_UNIT || kind == LABEL_CONTAINER || kind == LABEL_POD || kind == LABEL_CGROUP;
}

/* Returns LABEL_KINDS for an unknown word. */
static enum label_kind find_kind(const char *word, size_t length)
{
	enum label_kind kind = 0;

	if (length > strlen(PREFIX_WORD) && !memcmp(word, PREFIX_WORD, strlen(PREFIX_WORD)))
		return LABEL_PREFIX;
	while (kind < LABEL_KINDS &&
	       (kind == LABEL_PREFIX || strlen(kinds[kind].word) != length || memcmp(kinds[kind].word, word, length)))
		kind++;
	return kind;
}

/* Adds the field of a label to the grouping. Several labels may be about the cgroup, which is one field. */
static int add_field(struct grouping *grouping, enum label_kind kind, const char *word, size_t length,
		     struct parse_error *error)
{
	const char *field = kinds[kind].grouping ? kinds[kind].grouping : kinds[kind].word;
	struct grouping one;
	char text[32];
	int r;

	if (is_by_cgroup(kind) && grouping->by[0] == GROUP_BY_CGROUP)
		return 0;
	if (kind == LABEL_PREFIX) {
		if (length >= sizeof(text))
			return parse_fail(error, "label", word, length, "not one of " WORDS);
		memcpy(text, word, length);
		text[length] = '\0';
		field = text;
	}
	r = grouping_parse(field, &one, error);
	if (r)
		return r;
	if (kind == LABEL_PREFIX) {
		grouping->prefix_v4 = one.prefix_v4;
		grouping->prefix_v6 = one.prefix_v6;
	}
	grouping_add(grouping, one.by[0]);
	return 0;
}

int labels_parse(const char *text, struct labels *ret, struct parse_error *error)
{
	struct labels labels = {};
	const char *word = text;

	while (strcmp(text, "none")) {
		size_t length = strcspn(word, ",");
		enum label_kind kind = find_kind(word, length);
		int r;

		if (kind == LABEL_KINDS)
			return parse_fail(error, "label", word, length, "not one of " WORDS);
		if (labels.count == LABELS_MAX || (labels.count && labels.kinds[0] == kind))
			return parse_fail(error, "label", word, length, "give one or two different labels");
		r = add_field(&labels.grouping, kind, word, length, error);
		if (r)
			return r;
		labels.kinds[labels.count++] = kind;
		if (!word[length])
			break;
		word += length + 1;
	}
	*ret = labels;
	return 0;
}

/* Escapes a value. Of one that does not fit, the end stays: there a cgroup's path has the container. */
static void write_value(struct strbuf *out, const char *bytes, size_t length)
{
	/* Not the group of all other groups. */
	if (length == strlen("other") && !memcmp(bytes, "other", length)) {
		strbuf_append_literal(out, "\\x6Fther");
		return;
	}
	if (length <= LABEL_VALUE_MAX) {
		escape_terminal(out, bytes, length, LABEL_VALUE_MAX);
		return;
	}
	strbuf_append_literal(out, "...");
	escape_terminal(out, bytes + length - (LABEL_VALUE_MAX - 3), LABEL_VALUE_MAX - 3, LABEL_VALUE_MAX - 3);
}

/* `known`: the process has a cgroup with a name. */
static void write_name(struct strbuf *out, struct name name, bool known)
{
	if (name.bytes && name.length)
		write_value(out, name.bytes, name.length);
	else
		strbuf_append_string(out, known ? "none" : "unknown");
}

static void write_field(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
			const struct names *names)
{
	struct grouping one = {.by = {labels->grouping.by[i]},
			       .prefix_v4 = labels->grouping.prefix_v4,
			       .prefix_v6 = labels->grouping.prefix_v6};
	char text[GROUPING_NAME_MAX + GROUPING_NAMES_MAX];
	struct strbuf value = strbuf_over(text, sizeof(text));
	struct group_key part = *key;

	memcpy(part.part[0], key->part[i], sizeof(part.part[0]));
	if (grouping_is_unknown(&one, &part)) {
		strbuf_append_string(out, "unknown");
		return;
	}
	grouping_format_key(&value, &one, &part, 0, names);
	write_value(out, text, value.length);
}

void label_write(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
		 const struct names *names)
{
	bool known = names && names->cgroup.bytes;

	switch (labels->kinds[i]) {
	case LABEL_UNIT:
		write_name(out, known ? names->unit : (struct name){}, known);
		break;
	case LABEL_CONTAINER:
		write_name(out, known ? names->container : (struct name){}, known);
		break;
	case LABEL_POD:
		write_name(out, known ? names->pod : (struct name){}, known);
		break;
	default:
		/* The second of two labels about the cgroup has no field of its own. */
		write_field(out, labels, labels->grouping.by[i] ? i : 0, key, names);
	}
}
