/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/labels.h"

#include "core/escape.h"

#include <errno.h>
#include <string.h>

#define PREFIX_WORD "prefix:"

/* The words that an option takes. */
struct language {
	const char *what;    /* for errors */
	const char *not_one; /* error for another word */
	const char *clash;   /* error for a word too many */
	unsigned int kinds;  /* bits 1 << enum label_kind */
	bool has_none;       /* "none" is no label */
};

#define METRIC_KINDS ((1U << LABEL_LADDR) - 1)

static const struct language of_metrics = {
	"label", "not one of port, role, comm, unit, container, pod, cgroup, netns, prefix:LEN[/LEN6], none",
	"give one or two different labels", METRIC_KINDS, true};
static const struct language of_groups = {
	"grouping",
	"not one of laddr, raddr, lport, rport, port, role, pid, comm, cgroup, unit, container, pod, netns, "
	"prefix:LEN[/LEN6]",
	"give one or two different words", (1U << LABEL_KINDS) - 1, false};

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
	[LABEL_LADDR] = {"laddr", NULL},
	[LABEL_RADDR] = {"raddr", NULL},
	[LABEL_LPORT] = {"lport", NULL},
	[LABEL_RPORT] = {"rport", NULL},
	[LABEL_PID] = {"pid", NULL},
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
static enum label_kind find_kind(const struct language *language, const char *word, size_t length)
{
	enum label_kind kind = 0;

	if (length > strlen(PREFIX_WORD) && !memcmp(word, PREFIX_WORD, strlen(PREFIX_WORD)))
		return LABEL_PREFIX;
	while (kind < LABEL_KINDS &&
	       (kind == LABEL_PREFIX || strlen(kinds[kind].word) != length || memcmp(kinds[kind].word, word, length)))
		kind++;
	return kind < LABEL_KINDS && !(language->kinds & 1U << kind) ? LABEL_KINDS : kind;
}

/* Adds the field of a word to the grouping. Several words may be about the cgroup, which is one field. */
static int add_field(const struct language *language, struct grouping *grouping, enum label_kind kind, const char *word,
		     size_t length, struct parse_error *error)
{
	const char *field = kinds[kind].grouping ? kinds[kind].grouping : kinds[kind].word;
	struct grouping one;
	char text[32];
	int r;

	if (is_by_cgroup(kind) && grouping->by[0] == GROUP_BY_CGROUP)
		return 0;
	if (kind == LABEL_PREFIX) {
		if (length >= sizeof(text))
			return parse_fail(error, language->what, word, length, language->not_one);
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

static int parse(const struct language *language, const char *text, struct labels *ret, struct parse_error *error)
{
	struct labels labels = {};
	const char *word = text;

	while (!language->has_none || strcmp(text, "none")) {
		size_t length = strcspn(word, ",");
		enum label_kind kind = find_kind(language, word, length);
		int r;

		if (kind == LABEL_KINDS)
			return parse_fail(error, language->what, word, length, language->not_one);
		if (labels.count == LABELS_MAX || (labels.count && labels.kinds[0] == kind))
			return parse_fail(error, language->what, word, length, language->clash);
		r = add_field(language, &labels.grouping, kind, word, length, error);
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

int labels_parse(const char *text, struct labels *ret, struct parse_error *error)
{
	return parse(&of_metrics, text, ret, error);
}

int labels_parse_groups(const char *text, struct labels *ret, struct parse_error *error)
{
	return parse(&of_groups, text, ret, error);
}

void labels_format(struct strbuf *out, const struct labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		strbuf_append_string(out, label_name(labels->kinds[i]));
	}
}

int labels_named_part(const struct labels *labels)
{
	int part = -1;

	for (size_t i = 0; i < labels->count; i++) {
		if (labels->kinds[i] == LABEL_CGROUP)
			return -1;
	}
	for (int i = 0; i < GROUP_BY_MAX; i++) {
		if (labels->grouping.by[i] == GROUP_BY_CGROUP)
			part = i;
	}
	return part;
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

static enum label_known value_of_name(struct strbuf *out, struct name name, const struct names *names)
{
	if (!names || !names->cgroup.bytes)
		return LABEL_UNKNOWN;
	if (!name.bytes || !name.length)
		return LABEL_NONE;
	strbuf_append(out, name.bytes, name.length);
	return LABEL_KNOWN;
}

static bool is_text(const struct strbuf *out, size_t begin, const char *text)
{
	return out->length - begin == strlen(text) && !memcmp(out->data + begin, text, strlen(text));
}

static enum label_known value_of_field(struct strbuf *out, const struct labels *labels, size_t i,
				       const struct group_key *key, const struct names *names)
{
	struct grouping one = {.by = {labels->grouping.by[i]},
			       .prefix_v4 = labels->grouping.prefix_v4,
			       .prefix_v6 = labels->grouping.prefix_v6};
	struct group_key part = *key;
	size_t begin = out->length;

	memcpy(part.part[0], key->part[i], sizeof(part.part[0]));
	if (grouping_is_unknown(&one, &part))
		return LABEL_UNKNOWN;
	grouping_format_key(out, &one, &part, 0, names);
	if ((one.by[0] == GROUP_BY_PORT || one.by[0] == GROUP_BY_ROLE) && is_text(out, begin, "unknown")) {
		out->length = begin;
		return LABEL_UNKNOWN;
	}
	return LABEL_KNOWN;
}

enum label_known label_value(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
			     const struct names *names)
{
	static const struct names none;
	const struct names *known = names ? names : &none;

	switch (labels->kinds[i]) {
	case LABEL_UNIT:
		return value_of_name(out, known->unit, names);
	case LABEL_CONTAINER:
		return value_of_name(out, known->container, names);
	case LABEL_POD:
		return value_of_name(out, known->pod, names);
	default:
		/* The second of two labels about the cgroup has no field of its own. */
		return value_of_field(out, labels, labels->grouping.by[i] ? i : 0, key, names);
	}
}

/* Each value: enum label_known as a byte, the raw bytes, which have no NUL, and a NUL. */
void labels_join(struct strbuf *out, const struct labels *labels, const struct group_key *key,
		 const struct names *names)
{
	for (size_t i = 0; i < labels->count; i++) {
		char text[LABEL_RAW_MAX];
		struct strbuf value = strbuf_over(text, sizeof(text));
		enum label_known known = label_value(&value, labels, i, key, names);

		strbuf_append_char(out, (char)('0' + known));
		strbuf_append(out, text, value.length);
		strbuf_append_char(out, '\0');
	}
}

size_t labels_split(const char *joined, size_t length, struct label_part ret[LABELS_MAX])
{
	const char *end = joined + length;
	size_t count = 0;

	while (joined < end && count < LABELS_MAX) {
		size_t value = strnlen(joined, (size_t)(end - joined));

		ret[count++] = (struct label_part){(enum label_known)(joined[0] - '0'), {joined + 1, value - 1}};
		joined += value + 1;
	}
	return count;
}

void label_write(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
		 const struct names *names)
{
	char text[LABEL_RAW_MAX];
	struct strbuf value = strbuf_over(text, sizeof(text));
	enum label_known known = label_value(&value, labels, i, key, names);

	if (known == LABEL_KNOWN)
		write_value(out, text, value.length);
	else
		strbuf_append_string(out, known == LABEL_NONE ? "none" : "unknown");
}
