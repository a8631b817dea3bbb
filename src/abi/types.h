/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fixed-width integers (__u8 ... __u64) for headers of both the BPF side and user space. On the BPF side,
 * bpf/kernel.bpf.h has defined them already, and <linux/types.h> would collide with a full vmlinux.h.
 */
#ifndef TCPVITALS_ABI_TYPES_H
#define TCPVITALS_ABI_TYPES_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#endif
