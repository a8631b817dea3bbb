/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/services.h"

#include "core/parse.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * Returns the next word of the line and moves `*at` behind it. `bytes` is NULL at the end of the line or at a comment.
 */
static struct name next_word(const char *line, size_t length, size_t *at)
{
	size_t start;

	while (*at < length && is_blank(line[*at]))
		++*at;
	start = *at;
	while (*at < length && !is_blank(line[*at]) && line[*at] != '#')
		++*at;
	return *at > start ? (struct name){line + start, *at - start} : (struct name){};
}

bool services_parse_line(const char *line, size_t length, struct name *ret_name, uint16_t *ret_port)
{
	size_t at = 0;
	struct name name = next_word(line, length, &at), port = next_word(line, length, &at);
	const char *protocol = port.bytes ? memchr(port.bytes, '/', port.length) : NULL;
	struct parse_error unused;
	uint64_t number;

	if (!protocol || name.length > SERVICE_NAME_MAX || memchr(name.bytes, '\0', name.length))
		return false;
	if (port.bytes + port.length - protocol != strlen("/tcp") || memcmp(protocol, "/tcp", strlen("/tcp")) != 0)
		return false;
	if (parse_u64("port", port.bytes, (size_t)(protocol - port.bytes), 1, UINT16_MAX, &number, &unused))
		return false;
	*ret_name = name;
	*ret_port = (uint16_t)number;
	return true;
}
