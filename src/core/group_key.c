/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/group_key.h"

#include <string.h>

/* Sets the first `bits` bits to one, in network byte order. */
static void set_mask(__u64 mask[2], uint8_t bits)
{
	uint8_t *bytes = (uint8_t *)mask;

	for (int i = 0; i < 16; i++)
		bytes[i] = bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (uint8_t)(0xff00 >> (bits - 8 * i));
}

struct group_settings group_settings_of(const struct grouping *grouping, uint16_t ephemeral_first,
					uint16_t ephemeral_last)
{
	struct group_settings settings = {.ephemeral_first = ephemeral_first, .ephemeral_last = ephemeral_last};

	memcpy(settings.by, grouping->by, sizeof(settings.by));
	set_mask(settings.mask_v4, grouping->prefix_v4);
	set_mask(settings.mask_v6, grouping->prefix_v6);
	return settings;
}

/* Whether a part of the key is a link-local address, or a prefix of such. */
static int has_zone(const struct group_settings *settings, const struct transition *t)
{
	return t->ip_version == 6 && (!group_link_local_difference(settings->by[0], settings, t) ||
				      !group_link_local_difference(settings->by[1], settings, t));
}

struct group_key group_key_of(const struct group_settings *settings, const struct connection *connection)
{
	const struct transition *t = &connection->end;
	struct group_key key = {};

	group_key(&key, settings, t, &t->owner, connection->life.role);
	if (settings->by[0] == GROUP_BY_CONN || has_zone(settings, t)) {
		key.netns = t->netns;
		key.ifindex = t->ifindex;
	}
	return key;
}
