/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the name of a group of connections, the same wherever groups have rows: sums and the live view. */
#ifndef TCPVITALS_OUTPUT_GROUP_NAME_H
#define TCPVITALS_OUTPUT_GROUP_NAME_H

#include "core/escape.h"
#include "core/labels.h"
#include "core/strbuf.h"

#include <stdbool.h>

/* Bytes of a value that are written: of a longer one the end, behind "...". */
#define GROUP_VALUE_MAX 1024

/* Bytes of a name as text, and as members of a JSON object. */
#define GROUP_TEXT_MAX (LABELS_MAX * (ESCAPED_MAX * GROUP_VALUE_MAX + 1))
#define GROUP_JSON_MAX (2 * GROUP_TEXT_MAX + 512)

/* The values of a group, long ones cut. */
struct group_name {
	struct label_part parts[LABELS_MAX];
	char cut[LABELS_MAX][GROUP_VALUE_MAX];
	size_t count;
	bool is_unknown; /* a value is unknown */
	bool is_other;   /* all groups that have no row of their own */
};

/* Reads a string of labels_join(), which must stay. NULL: the name of `other`. */
void group_name_read(const char *joined, size_t length, struct group_name *ret);

/* Writes the title of a column: the words in upper case. */
void group_title(struct strbuf *out, const struct labels *labels);

/*
 * Writes the values, escaped for a terminal. A dash is an unknown value, "none" is no unit, container or pod. Values of
 * more than `max_cells` cells together are cut, and end in a '+'. Returns the cells used.
 */
size_t group_name_text(struct strbuf *out, const struct group_name *name, size_t max_cells, cell_width *width);

/* Writes the values with commas between them, as raw bytes. */
void group_name_raw(struct strbuf *out, const struct group_name *name);

/* True if all that group_name_raw() writes is a dash. */
bool group_name_is_dash(const struct group_name *name);

/* Writes ,"by":...,"key":...,"group":{...},"other":...,"unknown":... and, where the key has one, ,"netns":... */
void group_name_json(struct strbuf *out, const struct labels *labels, const struct group_name *name,
		     const struct group_key *key);

#endif
