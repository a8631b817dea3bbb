/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SYN cookies of a listener. */
#ifndef TCPVITALS_BPF_READ_SYN_COOKIES_H
#define TCPVITALS_BPF_READ_SYN_COOKIES_H

#include "bpf/kernel.bpf.h"

#include "abi/listener.h"
#include "bpf/read/sock.bpf.h"

/* Returns net.ipv4.tcp_syncookies of the listener's network namespace. */
static __always_inline __u8 syn_cookies_allowed(struct tcp_sock *tp)
{
	struct net *net = tp->SOCK_COMMON.skc_net.net;

	if (!bpf_core_field_exists(net->ipv4.sysctl_tcp_syncookies))
		return SYN_COOKIES_UNKNOWN;
	return BPF_CORE_READ_BITFIELD_PROBED(net, ipv4.sysctl_tcp_syncookies);
}

/*
 * Returns the time since the last SYN cookie, in ns. The kernel notes it in jiffies, at most once a second, at the
 * listener or at its SO_REUSEPORT group (tcp_synq_overflow()). `tick_ns`: length of a jiffy, 0: unknown.
 */
static __always_inline __u64 syn_cookie_age_ns(struct tcp_sock *tp, __u64 tick_ns)
{
	struct sock_reuseport *group = NULL;
	__u32 stamp;

	if (!tick_ns)
		return SYN_COOKIE_AGE_UNKNOWN;
	if (BPF_CORE_READ_BITFIELD(tp, SOCK_COMMON.skc_reuseport))
		group = tp->SOCK_BASE.sk_reuseport_cb;
	stamp = group ? BPF_CORE_READ(group, synq_overflow_ts) : tp->rx_opt.ts_recent_stamp;
	/* Zero: never. */
	return stamp ? (__u64)((__u32)bpf_jiffies64() - stamp) * tick_ns : SYN_COOKIE_NEVER;
}

#endif
