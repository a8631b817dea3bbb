/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the number of a connection's group, which is the index of the group's histogram. */
#ifndef TCPVITALS_BPF_TRACK_GROUP_H
#define TCPVITALS_BPF_TRACK_GROUP_H

#include "bpf/kernel.bpf.h"

#include "abi/group.h"
#include "abi/group_key.h"
#include "abi/transition.h"
#include "bpf/read/sock.bpf.h"

const volatile struct group_settings grouping = {};
/* group_key_size(), in words */
const volatile __u32 group_key_words = 0;

/*
 * Free group numbers, 1 to --max-keys; user space fills the map. A stack: the lowest numbers go first, because they are
 * the best (RTT_GROUPS_PER_CPU), also after a number is returned.
 */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} group_numbers SEC(".maps");

/*
 * The numbers of the groups. User space makes the keys as short as the grouping allows (group_key_size()), because each
 * sample hashes its key.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct group_key));
	__uint(value_size, sizeof(__u32));
} groups SEC(".maps");

/*
 * The groups that this CPU saw last, for the program that sees segments only. A lookup takes 10 ns here, and 80 ns in
 * the hash above.
 *
 * Since 6.1 (05b24ff9b2cf) the kernel skips a program that would interrupt itself. Before 6.1 a program may interrupt
 * itself on the same CPU, and ends before the interrupted run goes on. So a writer leaves an entry alone that is
 * RECENT_BUSY. A reader reads the number before and after the key: a key never pairs with another key's number.
 */
#define RECENT_BUSY (~0ULL)

struct recent {
	__u64 number;         /* 0: none */
	struct group_key key; /* behind the number, because its end is seldom used */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* 1 << GROUP_RECENT_BITS where the map is used */
	__type(key, __u32);
	__type(value, struct recent);
} group_recent SEC(".maps");

/* Returns 1 or 0, from which the verifier learns nothing (is_zero()). */
static __always_inline __u64 group_address_is_link_local(__u8 by, const struct transition *t)
{
	return is_zero(group_link_local_difference(by, &grouping, t));
}

/* Returns the members netns and ifindex of a key as one word. */
static __always_inline __u64 group_zone(__u64 netns, __u64 ifindex)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? netns | ifindex << 32 : netns << 32 | ifindex;
}

/*
 * Stores the zone of a link-local address in the key. For other addresses nothing is read: the number of a namespace is
 * a cache miss away.
 */
static __always_inline void group_read_zone(struct group_key *key, const struct transition *t, struct tcp_sock *tp,
					    bool probed)
{
	__u64 link_local, zone;

	if (grouping.by[0] == GROUP_BY_CONN)
		*(__u64 *)&key->netns = group_zone(t->netns, t->ifindex);
	if (!group_is_by_address(grouping.by[0]) && !group_is_by_address(grouping.by[1]))
		return;
	link_local = group_address_is_link_local(grouping.by[0], t) | group_address_is_link_local(grouping.by[1], t);
	link_local &= is_zero(t->ip_version ^ 6);
	zone = opaque_zero(link_local);
	if (link_local)
		zone += group_zone(sock_netns(tp, probed), sock_ifindex(tp, probed));
	*(__u64 *)&key->netns = zone;
}

/* group_numbers is empty. The flag shows that without the map's lock, which all CPUs share. */
bool group_numbers_out = false;

/* Returns a number for a new group, or GROUP_OTHER. */
static __always_inline __u32 group_new_number(void)
{
	__u32 number;

	if (group_numbers_out)
		return GROUP_OTHER;
	if (!bpf_map_pop_elem(&group_numbers, &number))
		return number;
	group_numbers_out = true;
	/* A number may have been returned before the flag was set. */
	if (bpf_map_pop_elem(&group_numbers, &number))
		return GROUP_OTHER;
	group_numbers_out = false;
	return number;
}

static __always_inline void group_return_number(__u32 number)
{
	bpf_map_push_elem(&group_numbers, &number, 0);
	group_numbers_out = false;
}

/* Returns the group's number. Makes the group if it is new and there is room, else returns GROUP_OTHER. */
static __always_inline __u32 group_find(const struct group_key *key)
{
	__u32 *known = bpf_map_lookup_elem(&groups, key);
	__u32 number;

	if (known)
		return *known;
	number = group_new_number();
	if (number == GROUP_OTHER)
		return number;
	if (!bpf_map_update_elem(&groups, key, &number, BPF_NOEXIST))
		return number;
	/* Another CPU made the group first. */
	group_return_number(number);
	known = bpf_map_lookup_elem(&groups, key);
	return known ? *known : GROUP_OTHER;
}

/*
 * Returns the key's slot in group_recent: the top bits of a hash, which are the best mixed ones. The number of words is
 * a constant to the verifier, which removes the code for other words.
 */
static __always_inline __u32 group_recent_slot(const struct group_key *key)
{
	const __u64 *words = (const __u64 *)key;
	__u32 count = group_key_words;
	__u64 hash = 0;

#pragma unroll
	for (__u32 i = 0; i < GROUP_KEY_WORDS; i++)
		if (i < count)
			hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL; /* 2^64 / golden ratio */
	return hash >> (64 - GROUP_RECENT_BITS);
}

static __always_inline bool group_is_same(const struct group_key *a, const struct group_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u32 count = group_key_words;

#pragma unroll
	for (__u32 i = 0; i < GROUP_KEY_WORDS; i++)
		if (i < count && x[i] != y[i])
			return false;
	return true;
}

/* Returns the number of the key's group if `recent` has that key, else 0. */
static __always_inline __u64 group_recall(const struct recent *recent, const struct group_key *key)
{
	__u64 number = *(const volatile __u64 *)&recent->number;
	bool same;

	barrier();
	same = number && number != RECENT_BUSY && group_is_same(&recent->key, key);
	barrier();
	return same && *(const volatile __u64 *)&recent->number == number ? number : 0;
}

static __always_inline void group_remember(struct recent *recent, const struct group_key *key, __u64 number)
{
	if (*(volatile __u64 *)&recent->number == RECENT_BUSY)
		return; /* this run has interrupted the writer */
	*(volatile __u64 *)&recent->number = RECENT_BUSY;
	barrier();
	recent->key = *key;
	barrier();
	*(volatile __u64 *)&recent->number = number;
}

/*
 * Returns the number of the connection's group. `by_segment`: the caller is the program that sees segments.
 * group_recent is for that program only.
 */
static __always_inline __u32 group_number(const struct transition *t, const struct owner *owner, __u8 role,
					  struct tcp_sock *tp, bool probed, bool by_segment)
{
	struct group_key key = {};
	struct recent *recent = NULL;
	__u32 number;

	group_key(&key, &grouping, t, owner, role);
	group_read_zone(&key, t, tp, probed);
	if (by_segment) {
		__u32 slot = group_recent_slot(&key);

		recent = bpf_map_lookup_elem(&group_recent, &slot);
		if (recent && (number = group_recall(recent, &key)))
			return number;
	}
	number = group_find(&key);
	if (recent && number != GROUP_OTHER)
		group_remember(recent, &key, number);
	return number;
}

#endif
