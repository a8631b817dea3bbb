/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/zone.h"

char *zone_append_address(char *at, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex, struct name zone)
{
	at = address_append(at, ip_version, bytes);
	if (!ifindex || !zone_applies(ip_version, bytes))
		return at;
	at = append_char(at, '%');
	if (!zone.bytes)
		return append_u64(at, ifindex);
	return append_bytes(at, zone.bytes, zone.length < ZONE_NAME_MAX ? zone.length : ZONE_NAME_MAX);
}

void zone_format_address(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex,
			 struct name zone)
{
	char text[ZONE_TEXT_MAX + APPEND_SLACK];

	strbuf_append(out, text, zone_append_address(text, ip_version, bytes, ifindex, zone) - text);
}
