/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a socket's network namespace is in scope. The kernel reuses the inode number of a namespace that is gone, but
 * never its cookie.
 */
#ifndef TCPVITALS_BPF_TRACK_NETNS_H
#define TCPVITALS_BPF_TRACK_NETNS_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/track/scope.bpf.h"

/* `probed`: as for SOCK_GET(). */
static __always_inline bool netns_in_scope(struct tcp_sock *tp, bool probed)
{
	struct scope_number key = {.value = sock_netns(tp, probed), .kind = SCOPE_NETNS};
	__u8 *sense = bpf_map_lookup_elem(&scope_numbers, &key);

	if (scope.netns_cookies && sense && *sense & SCOPE_BY_COOKIE) {
		key.value = sock_netns_cookie(tp, probed);
		key.kind = SCOPE_NETNS_COOKIE;
		sense = bpf_map_lookup_elem(&scope_numbers, &key);
	}
	return scope_admits(scope.numbers[SCOPE_NETNS], sense);
}

#endif
