/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The labels of --label: parses the words, and writes the values of a group. */
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
	LABEL_KINDS
};

struct labels {
	enum label_kind kinds[LABELS_MAX];
	size_t count;
	struct grouping grouping; /* the fields by which the kernel side tells groups apart */
};

/*
 * Parses "port", "unit,role" or "prefix:24/64"; "none": no labels. Returns 0, or -EINVAL with the bad word quoted; for
 * an unknown word the error lists all words.
 */
int labels_parse(const char *text, struct labels *ret, struct parse_error *error);

/* The name of a label: "port". */
const char *label_name(enum label_kind kind);

/*
 * Writes the value of label `i` of a group, escaped for a terminal. `names` are those of grouping_ids(), or NULL.
 * "unknown": the value is not known. "none": the process is in no unit, container or pod.
 */
void label_write(struct strbuf *out, const struct labels *labels, size_t i, const struct group_key *key,
		 const struct names *names);

#endif
