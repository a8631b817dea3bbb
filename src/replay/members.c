/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/members.h"

#include "core/tcp_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_YAJL
#include <yajl/yajl_parse.h>
#endif

static const struct {
	const char *text;
	size_t length;
} names[MEMBER_COUNT] = {
#define MEMBER_NAME(id, name) [MEMBER_##id] = {name, sizeof(name) - 1},
	MEMBERS(MEMBER_NAME)
#undef MEMBER_NAME
};

const char *member_name(enum member member)
{
	return names[member].text;
}

void members_fail(struct members *members, enum fault fault, enum member member, const char *why)
{
	struct line_error *error = &members->error;
	const struct value *value = &members->values[member];
	static const char *const words[] = {
		[VALUE_ABSENT] = "",   [VALUE_NULL] = "null",   [VALUE_NUMBER] = "",  [VALUE_STRING] = "",
		[VALUE_TRUE] = "true", [VALUE_FALSE] = "false", [VALUE_OBJECT] = "{", [VALUE_ARRAY] = "["};

	if (error->fault)
		return;
	error->fault = fault;
	error->member = member;
	if (fault == FAULT_MISSING)
		parse_fail(&error->why, "member", names[member].text, names[member].length, why);
	else if (value->kind == VALUE_NUMBER || value->kind == VALUE_STRING)
		parse_fail(&error->why, names[member].text, value->bytes, value->length, why);
	else
		parse_fail(&error->why, names[member].text, words[value->kind], strlen(words[value->kind]), why);
}

#ifdef HAVE_YAJL

/* ---- what yajl calls: each returns 1 to go on, or 0 -------------------------------------------------------------- */

static void fail_twice(struct members *members, const char *name, size_t length)
{
	members->error.fault = FAULT_TWICE;
	parse_fail(&members->error.why, "member", name, length, "it is there twice");
}

static int find_member(struct members *members, const char *name, size_t length)
{
	for (unsigned int i = 0; i < MEMBER_COUNT; i++) {
		unsigned int member =
			members->next + i < MEMBER_COUNT ? members->next + i : members->next + i - MEMBER_COUNT;

		if (names[member].length != length || memcmp(names[member].text, name, length) != 0)
			continue;
		members->next = member + 1 < MEMBER_COUNT ? member + 1 : 0;
		return (int)member;
	}
	return -1;
}

/* Returns the state with this name, or CONNECTION_STATES. */
static unsigned int find_state(const char *name, size_t length)
{
	unsigned int state;

	for (state = 0; state < CONNECTION_STATES; state++) {
		const char *known = tcp_state_name(state);

		if (known && strlen(known) == length && !memcmp(known, name, length))
			break;
	}
	return state;
}

static bool has_state(const struct members *members, unsigned int state)
{
	for (size_t i = 0; i < members->state_count; i++)
		if (members->states[i].state == state)
			return true;
	return false;
}

static bool is_in_states(const struct members *members)
{
	return members->depth == 2 && members->current == MEMBER_STATES_US;
}

static int take_key(void *context, const unsigned char *key, size_t length)
{
	struct members *members = context;
	const char *name = (const char *)key;
	unsigned int state;

	if (members->depth == 1) {
		members->current = find_member(members, name, length);
		if (members->current >= 0 && members->values[members->current].kind != VALUE_ABSENT)
			fail_twice(members, name, length);
	} else if (is_in_states(members)) {
		state = find_state(name, length);
		if (state < CONNECTION_STATES && has_state(members, state))
			fail_twice(members, name, length);
		else if (state < CONNECTION_STATES)
			members->states[members->state_count++].state = state;
		else
			members_fail(members, FAULT_VALUE, MEMBER_STATES_US, "it has the name of no state");
	}
	return !members->error.fault;
}

static int take(struct members *members, enum value_kind kind, const char *bytes, size_t length)
{
	struct value *value = NULL;

	if (members->depth == 1 && members->current >= 0)
		value = &members->values[members->current];
	else if (is_in_states(members) && members->state_count)
		value = &members->states[members->state_count - 1].value;
	if (!value)
		return 1;
	/* yajl's bytes are valid only in this call. A string with escapes is shorter than the line's piece. */
	if (length)
		memcpy(members->text + members->text_length, bytes, length);
	*value = (struct value){.kind = kind, .bytes = members->text + members->text_length, .length = length};
	members->text_length += length;
	return 1;
}

static int take_null(void *context)
{
	return take(context, VALUE_NULL, NULL, 0);
}

static int take_boolean(void *context, int is_true)
{
	return take(context, is_true ? VALUE_TRUE : VALUE_FALSE, NULL, 0);
}

static int take_number(void *context, const char *text, size_t length)
{
	return take(context, VALUE_NUMBER, text, length);
}

static int take_string(void *context, const unsigned char *bytes, size_t length)
{
	return take(context, VALUE_STRING, (const char *)bytes, length);
}

static int take_map(void *context)
{
	struct members *members = context;

	members->is_object |= !members->depth;
	take(members, VALUE_OBJECT, NULL, 0);
	members->depth++;
	return 1;
}

static int take_array(void *context)
{
	struct members *members = context;

	take(members, VALUE_ARRAY, NULL, 0);
	/* An array in the place of the object has no keys; and its elements are no members. */
	members->depth += 2;
	return 1;
}

static int take_map_end(void *context)
{
	struct members *members = context;

	members->depth--;
	return 1;
}

static int take_array_end(void *context)
{
	struct members *members = context;

	members->depth -= 2;
	return 1;
}

/* ------------------------------------------------------------------------------------------------------------------ */

bool members_are_built(void)
{
	return true;
}

int members_open(struct members *ret)
{
	/* yajl writes '?' for half of a surrogate pair: one byte for six. No string becomes longer. */
	char *text = malloc(MEMBERS_LINE_MAX);

	if (!text)
		return -ENOMEM;
	*ret = (struct members){.text = text};
	return 0;
}

void members_close(struct members *members)
{
	free(members->text);
	*members = (struct members){};
}

/* Returns -EINVAL, with the library's reason: one line without the text, which it would not escape. */
static int fail_syntax(struct members *members, yajl_handle parser, size_t length)
{
	unsigned char *reason = yajl_get_error(parser, 0, NULL, 0);
	const char *text = reason ? (const char *)reason : "";
	size_t at = yajl_get_bytes_consumed(parser);
	char why[160];
	struct strbuf out = strbuf_over(why, sizeof(why) - 1);

	strbuf_append_literal(&out, "not JSON behind byte ");
	strbuf_append_u64(&out, at < length ? at : length);
	if (strchr(text, ':') && strchr(text, '\n')) {
		text = strchr(text, ':');
		strbuf_append(&out, text, strcspn(text, "\n"));
	}
	why[out.length] = '\0';
	if (reason)
		yajl_free_error(parser, reason);
	members->error.fault = FAULT_NOT_JSON;
	return parse_refuse(&members->error.why, why);
}

int members_read(struct members *members, const char *line, size_t length)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = take_null,
		.yajl_boolean = take_boolean,
		.yajl_number = take_number,
		.yajl_string = take_string,
		.yajl_start_map = take_map,
		.yajl_map_key = take_key,
		.yajl_end_map = take_map_end,
		.yajl_start_array = take_array,
		.yajl_end_array = take_array_end,
	};
	yajl_handle parser = yajl_alloc(&callbacks, NULL, members);
	yajl_status status;
	int error = 0;

	if (!parser)
		return -ENOMEM;
	*members = (struct members){.text = members->text, .current = -1};
	status = yajl_parse(parser, (const unsigned char *)line, length);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(parser);
	if (status == yajl_status_client_canceled)
		error = -EINVAL;
	else if (status != yajl_status_ok)
		error = fail_syntax(members, parser, length);
	yajl_free(parser);
	if (error || members->is_object)
		return error;
	members->error.fault = FAULT_NOT_JSON;
	return parse_refuse(&members->error.why, "not a JSON object");
}

#else

bool members_are_built(void)
{
	return false;
}

int members_open(struct members *ret)
{
	*ret = (struct members){};
	return -EOPNOTSUPP;
}

void members_close(struct members *members)
{
	*members = (struct members){};
}

int members_read(struct members *members, const char *line, size_t length)
{
	(void)members;
	(void)line;
	(void)length;
	return -EOPNOTSUPP;
}

#endif
