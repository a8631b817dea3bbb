/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "icmp.h"

#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "require.h"

static uint16_t checksum(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

void icmp_answer_unreachable(const struct wire *wire, uint8_t code, uint16_t mtu)
{
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
		uint8_t quoted[sizeof(struct iphdr) + 8];
	} answer = {
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_ICMP,
		       .tot_len = htons(sizeof(answer)),
		       .saddr = wire_address(WIRE_RIGHT, 0).sin_addr.s_addr,
		       .daddr = wire_address(WIRE_LEFT, 0).sin_addr.s_addr},
		.icmp = {.type = ICMP_DEST_UNREACH, .code = code, .un.frag.mtu = htons(mtu)},
	};
	uint8_t packet[2048];

	require(wire_take(wire, WIRE_LEFT, packet, sizeof(packet)) >= sizeof(answer.quoted), "too short");
	memcpy(answer.quoted, packet, sizeof(answer.quoted));
	answer.ip.check = checksum(&answer.ip, sizeof(answer.ip));
	answer.icmp.checksum = checksum(&answer.icmp, sizeof(answer.icmp) + sizeof(answer.quoted));
	wire_give(wire, WIRE_LEFT, &answer, sizeof(answer));
}
