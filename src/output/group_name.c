/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/group_name.h"

#include <ctype.h>
#include <string.h>

void group_name_read(const char *joined, size_t length, struct group_name *ret)
{
	ret->is_other = !joined;
	ret->count = joined ? labels_split(joined, length, ret->parts) : 0;
	ret->is_unknown = false;
	for (size_t i = 0; i < ret->count; i++) {
		struct name *value = &ret->parts[i].value;

		ret->is_unknown |= ret->parts[i].known == LABEL_UNKNOWN;
		if (ret->parts[i].known == LABEL_NONE)
			*value = (struct name){"none", strlen("none")};
		if (value->length <= GROUP_VALUE_MAX)
			continue;
		memcpy(ret->cut[i], "...", 3);
		memcpy(ret->cut[i] + 3, value->bytes + value->length - (GROUP_VALUE_MAX - 3), GROUP_VALUE_MAX - 3);
		*value = (struct name){ret->cut[i], GROUP_VALUE_MAX};
	}
}

void group_title(struct strbuf *out, const struct labels *labels)
{
	size_t start = out->length;

	labels_format(out, labels);
	for (size_t i = start; i < out->length; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
}

/* ---- text ---- */

/* A process named "other" is not the row of all other groups. */
static size_t text_value(struct strbuf *out, const struct label_part *part, size_t max_cells, cell_width *width)
{
	const struct name *value = &part->value;

	if (part->known == LABEL_UNKNOWN) {
		strbuf_append_char(out, '-');
		return 1;
	}
	if (value->length == strlen("other") && !memcmp(value->bytes, "other", value->length) &&
	    max_cells >= strlen("\\x6Fther")) {
		strbuf_append_literal(out, "\\x6Fther");
		return strlen("\\x6Fther");
	}
	return escape_name(out, value->bytes, value->length, max_cells, width);
}

/* Returns the cells for the first of two values: the second one has what it needs, at most half. */
static size_t first_cells(const struct group_name *name, size_t max_cells)
{
	size_t second = name->count > 1 ? name->parts[1].value.length : 0;

	if (name->count < 2 || max_cells < 4)
		return max_cells;
	return max_cells - 1 - (!second ? 1 : second < max_cells / 2 ? second : max_cells / 2);
}

size_t group_name_text(struct strbuf *out, const struct group_name *name, size_t max_cells, cell_width *width)
{
	size_t cells = 0;

	if (name->is_other) {
		strbuf_append_literal(out, "other");
		return strlen("other");
	}
	for (size_t i = 0; i < name->count; i++) {
		if (i && cells + 2 > max_cells)
			break;
		if (i)
			strbuf_append_char(out, ',');
		cells += i != 0;
		cells += text_value(out, &name->parts[i], i ? max_cells - cells : first_cells(name, max_cells), width);
	}
	return cells;
}

/* ---- raw ---- */

void group_name_raw(struct strbuf *out, const struct group_name *name)
{
	if (name->is_other)
		strbuf_append_literal(out, "other");
	for (size_t i = 0; i < name->count; i++) {
		if (i)
			strbuf_append_char(out, ',');
		if (name->parts[i].known == LABEL_UNKNOWN)
			strbuf_append_char(out, '-');
		else
			strbuf_append(out, name->parts[i].value.bytes, name->parts[i].value.length);
	}
}

bool group_name_is_dash(const struct group_name *name)
{
	return name->count == 1 && name->is_unknown;
}

/* ---- JSON ---- */

static void json_string(struct strbuf *out, const char *bytes, size_t length)
{
	strbuf_append_char(out, '"');
	escape_json(out, bytes, length);
	strbuf_append_char(out, '"');
}

/* True for ports and pids in digits. */
static bool is_number(enum label_kind kind, const struct name *value)
{
	bool digits = kind == LABEL_PORT || kind == LABEL_LPORT || kind == LABEL_RPORT || kind == LABEL_PID;

	for (size_t i = 0; i < value->length; i++)
		digits &= value->bytes[i] >= '0' && value->bytes[i] <= '9';
	return digits;
}

static void json_values(struct strbuf *out, const struct labels *labels, const struct group_name *name)
{
	strbuf_append_literal(out, ",\"group\":{");
	for (size_t i = 0; i < name->count; i++) {
		const struct name *value = &name->parts[i].value;

		strbuf_append_string(out, i ? ",\"" : "\"");
		strbuf_append_string(out, label_name(labels->kinds[i]));
		strbuf_append_literal(out, "\":");
		if (name->parts[i].known == LABEL_UNKNOWN)
			strbuf_append_literal(out, "null");
		else if (is_number(labels->kinds[i], value))
			strbuf_append(out, value->bytes, value->length);
		else
			json_string(out, value->bytes, value->length);
	}
	strbuf_append_char(out, '}');
}

void group_name_json(struct strbuf *out, const struct labels *labels, const struct group_name *name,
		     const struct group_key *key)
{
	char text[LABELS_MAX * (GROUP_VALUE_MAX + 1)];
	struct strbuf raw = strbuf_over(text, sizeof(text));

	group_name_raw(&raw, name);
	strbuf_append_literal(out, ",\"by\":\"");
	labels_format(out, labels);
	strbuf_append_literal(out, "\",\"key\":");
	if (group_name_is_dash(name))
		strbuf_append_literal(out, "null");
	else
		json_string(out, text, raw.length);
	if (name->is_other)
		strbuf_append_literal(out, ",\"group\":null");
	else
		json_values(out, labels, name);
	strbuf_append_string(out, name->is_other ? ",\"other\":true" : ",\"other\":false");
	strbuf_append_string(out, name->is_unknown ? ",\"unknown\":true" : ",\"unknown\":false");
	if (!name->is_other && key->netns) {
		strbuf_append_literal(out, ",\"netns\":");
		strbuf_append_u64(out, key->netns);
	}
}
