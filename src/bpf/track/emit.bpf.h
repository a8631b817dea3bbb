/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kinds of output that the tool wants. */
#ifndef TCPVITALS_BPF_TRACK_EMIT_H
#define TCPVITALS_BPF_TRACK_EMIT_H

#include "bpf/kernel.bpf.h"

#include "abi/emit.h"

/* bits of enum emit */
const volatile __u32 emits = 0;

#endif
