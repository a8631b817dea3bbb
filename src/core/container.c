/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/container.h"

#include <string.h>

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t end_length = strlen(end);

	return length >= end_length && !memcmp(text + length - end_length, end, end_length);
}

static bool is_hexadecimal(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text[i] || !strchr("0123456789abcdef", text[i]))
			return false;
	return true;
}

const char *container_id(const char *name, size_t length)
{
	size_t prefix;

	if (ends_with(name, length, ".scope"))
		length -= strlen(".scope");
	if (length < CONTAINER_ID_LENGTH)
		return NULL;
	prefix = length - CONTAINER_ID_LENGTH;
	if (!is_hexadecimal(name + prefix, CONTAINER_ID_LENGTH))
		return NULL;
	/* in front of the id: "docker-" or "kubepods-podUID.slice:cri-containerd:", but no more digits */
	if (prefix && name[prefix - 1] != '-' && name[prefix - 1] != ':')
		return NULL;
	return ends_with(name, prefix, "conmon-") ? NULL : name + prefix;
}

bool container_id_begins(const char *id, const char *text, size_t length)
{
	return length && length <= CONTAINER_ID_LENGTH && !memcmp(id, text, length);
}
