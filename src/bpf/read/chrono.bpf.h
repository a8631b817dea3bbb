/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the kernel's chronographs of a sender (enum chrono). */
#ifndef TCPVITALS_BPF_READ_CHRONO_H
#define TCPVITALS_BPF_READ_CHRONO_H

#include "bpf/kernel.bpf.h"

#include "abi/connection.h"

/* In jiffies, the running chronograph included. */
static __always_inline void chrono_read(struct tcp_sock *tp, __u32 ret[CHRONOS])
{
	__u32 running = BPF_CORE_READ_BITFIELD(tp, chrono_type), start = tp->chrono_start;
	__s32 since_start;

#pragma unroll
	for (__u32 i = 0; i < CHRONOS; i++)
		ret[i] = tp->chrono_stat[i];
	/* Last, and not negative: before 6.5 an iterator does not lock the socket, and a chronograph may start now. */
	since_start = (__u32)bpf_jiffies64() - start;
	if (since_start < 0)
		since_start = 0;
#pragma unroll
	for (__u32 i = 0; i < CHRONOS; i++)
		ret[i] += running == i + 1 ? since_start : 0;
}

#endif
