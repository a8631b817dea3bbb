/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The length of the kernel's tick (a jiffy). */
#ifndef TCPVITALS_BPF_TRACK_TICK_H
#define TCPVITALS_BPF_TRACK_TICK_H

#include "bpf/kernel.bpf.h"

/* in ns */
const volatile __u64 tick_ns = 0;

#endif
