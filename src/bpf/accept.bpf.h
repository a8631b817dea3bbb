/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An owner on its way from a kretprobe, whose pointers open no socket storage, to the socket's next transition. Entries
 * whose transition never comes are pushed out by newer ones.
 */
#ifndef TCPVITALS_BPF_ACCEPT_H
#define TCPVITALS_BPF_ACCEPT_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/owner.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* address of struct sock */
	__type(value, struct owner);
} accepted SEC(".maps");

/* Whether the kretprobe is attached. */
const volatile bool accept_by_kretprobe = false;

/* Before a transition makes something else of the owner. A new child may have an old one's address. */
static __always_inline void accept_take_owner(struct owner *owner, const struct transition *t)
{
	struct owner *left;

	if (!accept_by_kretprobe)
		return;
	if (owner_is_birth(t->oldstate, t->newstate)) {
		bpf_map_delete_elem(&accepted, &t->skaddr);
		return;
	}
	if (!owner_is_guess(owner))
		return;
	left = bpf_map_lookup_elem(&accepted, &t->skaddr);
	if (!left)
		return;
	*owner = *left;
	bpf_map_delete_elem(&accepted, &t->skaddr);
}

#endif
