/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the kernel's chronographs of a sender (enum chrono). */
#ifndef TCPVITALS_BPF_READ_CHRONO_H
#define TCPVITALS_BPF_READ_CHRONO_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"

/* In jiffies, the running chronograph included. */
static __always_inline void chrono_read(struct tcp_sock *tp, __u32 ret[CHRONOS])
{
	__u32 running = BPF_CORE_READ_BITFIELD(tp, chrono_type);
	__u32 since_start = (__u32)bpf_jiffies64() - tp->chrono_start;

#pragma unroll
	for (__u32 i = 0; i < CHRONOS; i++)
		ret[i] = tp->chrono_stat[i] + (running == i + 1 ? since_start : 0);
}

#endif
