/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The address part of the scope: lists of prefixes. */
#ifndef TCPVITALS_BPF_PREFIX_H
#define TCPVITALS_BPF_PREFIX_H

#include "bpf/kernel.bpf.h"

#include "abi/prefix.h"
#include "abi/transition.h"

const volatile bool prefix_by_laddr = false;
const volatile bool prefix_by_raddr = false;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix_key);
	__type(value, __u8);
} prefix_laddrs SEC(".maps"), prefix_raddrs SEC(".maps");

static __always_inline bool prefix_has(void *list, __u8 ip_version, const __u8 address[16])
{
	struct prefix_key key = {.bits = PREFIX_KEY_BITS, .ip_version = ip_version};

	__builtin_memcpy(key.address, address, 16);
	return bpf_map_lookup_elem(list, &key);
}

static __always_inline bool prefix_admits(const struct transition *t)
{
	if (prefix_by_laddr && !prefix_has(&prefix_laddrs, t->ip_version, t->laddr))
		return false;
	return !prefix_by_raddr || prefix_has(&prefix_raddrs, t->ip_version, t->raddr);
}

#endif
