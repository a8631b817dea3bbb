/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loss counters (abi/loss.h), one set for all programs. */
#ifndef TCPVITALS_BPF_TRACK_LOSSES_H
#define TCPVITALS_BPF_TRACK_LOSSES_H

#include "bpf/kernel.bpf.h"

#include "abi/loss.h"

struct kernel_losses losses = {};

static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

#endif
