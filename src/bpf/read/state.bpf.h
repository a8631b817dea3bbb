/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The meaning of a pair of states, computed without a branch. */
#ifndef TCPVITALS_BPF_READ_STATE_H
#define TCPVITALS_BPF_READ_STATE_H

#include "bpf/kernel.bpf.h"

#include "abi/tcp_state.h"

/* Whether the current task can be trusted to be the owner. */
enum sock_context {
	CONTEXT_ANY,     /* any task that the CPU happens to run */
	CONTEXT_PROCESS, /* the process that uses the socket */
};

/* A child of a listener begins: LISTEN -> SYN_RECV. */
static __always_inline __u64 state_is_birth(__u8 oldstate, __u8 newstate)
{
	return is_zero((oldstate ^ STATE_LISTEN) | (newstate ^ STATE_SYN_RECV));
}

/* connect() or listen(): CLOSE -> SYN_SENT or CLOSE -> LISTEN. */
static __always_inline __u64 state_is_begin(__u8 oldstate, __u8 newstate)
{
	return is_zero((oldstate ^ STATE_CLOSE) | (newstate ^ STATE_SYN_SENT) * (newstate ^ STATE_LISTEN));
}

#endif
