/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The words by which connections are told apart, and the values of a group: grouping.h, and what the name of a cgroup
 * says. The labels of the exporter's metrics, and --by and --sum of tcpstates.
 */
#ifndef TCPVITALS_CORE_LABELS_H
#define TCPVITALS_CORE_LABELS_H

#include "core/grouping.h"
#include "core/names.h"
#include "core/parse.h"
#include "core/strbuf.h"

#include <stddef.h>

#define LABELS_MAX 2

/* Longest value of a label, in bytes. Longer ones are cut, and end in "...". */
#define LABEL_VALUE_MAX 128

enum label_kind {
	LABEL_PORT, /* of the listening side */
	LABEL_ROLE,
	LABEL_COMM,
	LABEL_UNIT,
	LABEL_CONTAINER,
	LABEL_POD,
	LABEL_CGROUP,
	LABEL_NETNS,
	LABEL_PREFIX, /* of the remote address */
	LABEL_LADDR,
	LABEL_RADDR,
	LABEL_LPORT,
	LABEL_RPORT,
	LABEL_PID,
	LABEL_KINDS
};

struct labels {
	enum label_kind kinds[LABELS_MAX];
	size_t count;
	struct grouping grouping; /* the fields by which the kernel side tells groups apart */
};

/*
 * Parses "port", "unit,role" or "prefix:24/64"; "none": no labels. Labels of metrics have few values: no addresses and
 * no pids. Returns 0, or -EINVAL with the bad word quoted; for an unknown word the error lists all words.
 */
int labels_parse(const char *text, struct labels *ret, struct parse_error *error);

/* The same for groups: all words, but "none". */
int labels_parse_groups(const char *text, struct labels *ret, struct parse_error *error);

/* Writes the words, separated by commas. */
void labels_format(struct strbuf *out, const struct labels *labels);

/*
 * Returns the part of a key that only serves to find a value: the cgroup, where no word but unit, container and pod
 * asks for it. -1: there is none. Groups with other such parts and the same values are one group.
 */
int labels_named_part(const struct labels *labels);

/* The name of a label: "port". */
const char *label_name(enum label_kind kind);

enum label_known {
	LABEL_UNKNOWN,
	LABEL_NONE, /* the process is in no unit, container or pod */
	LABEL_KNOWN
};

/* Writes the value of label `i` as raw bytes; nothing unless it returns LABEL_KNOWN. `names` as for label_write(). */
enum label_known label_value(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
			     const struct names *names);

/* Bytes of the longest raw value. */
#define LABEL_RAW_MAX (GROUPING_NAME_MAX + GROUPING_NAMES_MAX)

/* Bytes of all values as one string. */
#define LABELS_RAW_MAX (LABELS_MAX * (LABEL_RAW_MAX + 2))

/* Writes all values of a group as one string, with which groups compare and sort; labels_split() takes it apart. */
void labels_join(struct strbuf *out, const struct labels *labels, const struct group_key *key,
		 const struct names *names);

struct label_part {
	enum label_known known;
	struct name value; /* raw bytes, in the string; none unless LABEL_KNOWN */
};

/* Returns the number of values. */
size_t labels_split(const char *joined, size_t length, struct label_part ret[LABELS_MAX]);

/*
 * Writes the value of label `i` of a group, escaped for a terminal. `names` are those of grouping_ids(), or NULL.
 * "unknown": the value is not known. "none": the process is in no unit, container or pod.
 */
void label_write(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
		 const struct names *names);

#endif
