/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An address prefix with its zone, as the key of a trie. */
#ifndef TCPVITALS_ABI_PREFIX_H
#define TCPVITALS_ABI_PREFIX_H

#include "abi/types.h"

/*
 * Key of a longest-prefix-match trie (BPF_MAP_TYPE_LPM_TRIE). Zone and IP version stand before the address, so that
 * zones and families do not mix.
 */
struct prefix_key {
	__u32 bits;       /* bits that count: PREFIX_KEY_HEAD_BITS + the prefix's length; host byte order */
	__u32 ifindex;    /* zone of a link-local address; 0: any zone, and all other addresses */
	__u32 netns;      /* inode number of the zone's network namespace; 0: any */
	__u8 ip_version;  /* 4 or 6 */
	__u8 address[16]; /* network byte order; IPv4 in the first four bytes, the rest zero */
	__u8 pad[3];
};

#define PREFIX_KEY_HEAD_BITS (32 + 32 + 8)
#define PREFIX_KEY_BITS      (PREFIX_KEY_HEAD_BITS + 128)

_Static_assert(sizeof(struct prefix_key) == 32, "struct prefix_key is a map's key");

#endif
