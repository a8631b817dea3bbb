/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the members of a struct sock. */
#ifndef TCPVITALS_BPF_READ_SOCK_H
#define TCPVITALS_BPF_READ_SOCK_H

#include "bpf/kernel.bpf.h"

#include "abi/transition.h"
#include "bpf/read/state.bpf.h"

#define SOCK_INET   inet_conn.icsk_inet
#define SOCK_BASE   inet_conn.icsk_inet.sk
#define SOCK_COMMON inet_conn.icsk_inet.sk.__sk_common

/* For SOCK_BASE and SOCK_COMMON of any socket: each kind of socket begins with a struct sock. */
static __always_inline struct tcp_sock *sock_as_tcp(struct sock *sk)
{
	return (struct tcp_sock *)sk;
}

/* Fills `t` with `zero`, except the addresses, which sock_store_addresses() writes. */
static __always_inline void sock_clear(struct transition *t, __u64 zero)
{
#pragma unroll
	for (unsigned int at = 0; at < sizeof(*t); at += sizeof(zero)) {
		if (at < offsetof(struct transition, laddr) || at >= offsetof(struct transition, netns))
			*(__u64 *)((char *)t + at) = zero;
	}
}

/* Whether an address, in network byte order, is ::ffff:a.b.c.d. */
static __always_inline bool sock_is_v4mapped(const __u64 words[2])
{
	return !words[0] && (words[1] & bpf_cpu_to_be64(~0ULL << 32)) == bpf_cpu_to_be64(0xffffULL << 32);
}

/* The same as 1 or 0, from which the verifier learns nothing (is_zero()). */
static __always_inline __u64 sock_is_v4mapped_blind(const __u64 words[2])
{
	__u64 other = words[0] | ((words[1] & bpf_cpu_to_be64(~0ULL << 32)) ^ bpf_cpu_to_be64(0xffffULL << 32));

	return is_zero(other | other >> 32);
}

/* Whether an IPv6 address is in fe80::/10. `half` is its first half, in network byte order. */
static __always_inline bool sock_is_link_local(__u64 half)
{
	return (half & bpf_cpu_to_be64(0xffc0ULL << 48)) == bpf_cpu_to_be64(0xfe80ULL << 48);
}

/* Returns a.b.c.d of a v4-mapped address, in network byte order. */
static __always_inline __u32 sock_mapped_v4(const __u64 words[2])
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? words[1] >> 32 : words[1];
}

/* Stores a.b.c.d in the first four bytes; `zero` fills the rest. */
static __always_inline void sock_put_v4(__u64 words[2], __u32 address, __u64 zero)
{
	words[0] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? address : (__u64)address << 32;
	words[1] = zero;
}

/*
 * Returns the IP version, and turns v4-mapped addresses into IPv4: IPv4 over an AF_INET6 socket counts as IPv4. The
 * local address is mapped, too, with one exception: a child just cloned from a listener on :: may have only a mapped
 * remote one.
 *
 * `blind`, a constant: the verifier learns nothing about the addresses. In a program with much code behind this, that
 * halves the instructions that the verifier follows. In other programs, the opposite is true.
 */
static __always_inline __u8 sock_unmap(__u64 local[2], __u64 remote[2], __u64 zero, bool blind)
{
	if (blind ? !(sock_is_v4mapped_blind(remote) | sock_is_v4mapped_blind(local))
		  : !sock_is_v4mapped(remote) && !sock_is_v4mapped(local))
		return 6;
	sock_put_v4(local, sock_mapped_v4(local), zero);
	sock_put_v4(remote, sock_mapped_v4(remote), zero);
	return 4;
}

/* The one place that writes the addresses, so that all paths leave the same stack, as the verifier sees it. */
static __always_inline void sock_store_addresses(struct transition *t, __u8 ip_version, const __u64 local[2],
						 const __u64 remote[2])
{
	t->ip_version = ip_version;
	__builtin_memcpy(t->laddr, local, 16);
	__builtin_memcpy(t->raddr, remote, 16);
}

/*
 * Reads a member of a socket; `field` may have dots. `probed`, a constant: `tp` is a kprobe's pointer, where each read
 * takes a helper call. A pointer that the kernel hands to BTF-typed programs is read directly.
 */
#define SOCK_GET(probed, tp, field) ((probed) ? BPF_CORE_READ(tp, field) : (tp)->field)

/*
 * Since 6.2. The cast is information for the verifier, not a call: bpf_skc_to_tcp_sock() takes 21 of the 38 ns of a
 * tcprtt sample. Programs with the cast are separate: 5.13 to 5.15 refuse a program that mentions an unknown kernel
 * function, even in code that is never reached. The caller has checked that `sk` is a TCP socket.
 */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

static __always_inline struct tcp_sock *sock_cast_to_tcp(struct sock *sk)
{
	return bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct tcp_sock));
}

static __always_inline __u32 sock_netns(struct tcp_sock *tp, bool probed)
{
	return probed ? BPF_CORE_READ(tp, SOCK_COMMON.skc_net.net, ns.inum) : tp->SOCK_COMMON.skc_net.net->ns.inum;
}

/*
 * Returns the interface that the socket is bound to. For a link-local peer the kernel binds the socket at connect()
 * (tcp_v6_connect()). The kernel also binds a child with such a peer, whose listener need not be bound
 * (tcp_v6_init_req()). bind() to a link-local address binds the socket, too.
 */
static __always_inline __u32 sock_ifindex(struct tcp_sock *tp, bool probed)
{
	return SOCK_GET(probed, tp, SOCK_COMMON.skc_bound_dev_if);
}

/* Returns the socket's cookie. The helper makes one for a socket that has none yet; the call costs 25 ns. */
static __always_inline __u64 cookie_of(struct sock *sk)
{
	__u64 cookie = sock_as_tcp(sk)->SOCK_COMMON.skc_cookie.counter;

	return cookie ? cookie : bpf_get_socket_cookie(sk);
}

/* Returns 0 before 5.12. User space can ask for the cookie since 5.14 (SO_NETNS_COOKIE). */
static __always_inline __u64 sock_netns_cookie(struct tcp_sock *tp, bool probed)
{
	if (!bpf_core_field_exists(((struct net *)0)->net_cookie))
		return 0;
	return probed ? BPF_CORE_READ(tp, SOCK_COMMON.skc_net.net, net_cookie)
		      : tp->SOCK_COMMON.skc_net.net->net_cookie;
}

/* Returns half of an AF_INET6 address. */
static __always_inline __u64 sock_half(const __u32 *words, bool probed)
{
	__u64 half;

	if (!probed)
		return *(const __u64 *)words;
	bpf_probe_read_kernel(&half, sizeof(half), words);
	return half;
}

/* `zero`: opaque_zero()'s, or 0. `blind`: as for sock_unmap(). */
static __always_inline void sock_read_addresses(struct transition *t, struct tcp_sock *tp, __u64 zero, bool probed,
						bool blind)
{
	__u64 local[2], remote[2];
	__u8 ip_version = 4;

	if (SOCK_GET(probed, tp, SOCK_COMMON.skc_family) == AF_INET6) {
		const __u32 *here = tp->SOCK_COMMON.skc_v6_rcv_saddr.in6_u.u6_addr32;
		const __u32 *there = tp->SOCK_COMMON.skc_v6_daddr.in6_u.u6_addr32;

		for (int i = 0; i < 2; i++) {
			local[i] = sock_half(&here[2 * i], probed);
			remote[i] = sock_half(&there[2 * i], probed);
		}
		ip_version = sock_unmap(local, remote, zero, blind);
	} else {
		sock_put_v4(local, SOCK_GET(probed, tp, SOCK_COMMON.skc_rcv_saddr), zero);
		sock_put_v4(remote, SOCK_GET(probed, tp, SOCK_COMMON.skc_daddr), zero);
	}
	sock_store_addresses(t, ip_version, local, remote);
}

/*
 * Returns the local port: inet_sport if `closed`, because skc_num is 0 again at many transitions to CLOSE. Before that,
 * skc_num is better. When a connection or listener begins, inet_sport may still have the port of the socket's last one.
 * inet_sport is also far from all other members: one more cache miss.
 */
static __always_inline __u16 sock_lport(struct tcp_sock *tp, bool probed, bool closed)
{
	return closed ? bpf_ntohs(SOCK_GET(probed, tp, SOCK_INET.inet_sport))
		      : SOCK_GET(probed, tp, SOCK_COMMON.skc_num);
}

static __always_inline __u16 sock_rport(struct tcp_sock *tp, bool probed)
{
	return bpf_ntohs(SOCK_GET(probed, tp, SOCK_COMMON.skc_dport));
}

/* Fills in the transition: address of the socket, states, addresses, ports and interface. The rest is zero. */
static __always_inline void sock_read(struct transition *t, struct tcp_sock *tp, __u32 oldstate, __u32 newstate)
{
	__u64 zero = opaque_zero(newstate);

	sock_clear(t, zero);
	t->oldstate = oldstate;
	t->newstate = newstate;
	sock_read_addresses(t, tp, zero, false, false);
	t->skaddr = (__u64)(unsigned long)tp;
	t->lport = sock_lport(tp, false, t->newstate == STATE_CLOSE);
	t->rport = sock_rport(tp, false);
	t->ifindex = sock_ifindex(tp, false);
}

/*
 * While a process holds the socket's lock, softirqs leave the socket alone: `owned` proves that the current task uses
 * the socket. The exception is tcp_abort() (ss -K), on a socket of another process. tcp_abort() leaves ECONNABORTED,
 * and closes a listener without a shutdown.
 */
static __always_inline enum sock_context sock_context_of(const struct transition *t, struct tcp_sock *tp)
{
	if (!tp->SOCK_BASE.sk_lock.owned)
		return CONTEXT_ANY;
	if (t->newstate == STATE_CLOSE) {
		if (tp->SOCK_BASE.sk_err == ECONNABORTED)
			return CONTEXT_ANY;
		if (t->oldstate == STATE_LISTEN && tp->SOCK_BASE.sk_shutdown != SHUTDOWN_MASK)
			return CONTEXT_ANY;
	}
	return CONTEXT_PROCESS;
}

/*
 * Finds or makes the socket's entry in a map of socket storage; NULL: no memory. Another CPU (the seeding program's)
 * may make the entry at the same time. The kernel then returns NULL to the second CPU, and a second call finds the
 * entry.
 */
static __always_inline void *sock_storage_make(void *map, struct sock *sk)
{
	return bpf_sk_storage_get(map, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE)
		       ?: bpf_sk_storage_get(map, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}

#endif
