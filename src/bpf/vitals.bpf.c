// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All programs for kernels with BTF. User space (src/probe) loads the programs that a tool needs, in the best way that
 * the kernel admits. Programs on one hook are attached, and run, in the order of this file: the programs that track
 * states are first.
 */
#include "bpf/kernel.bpf.h"

#include "bpf/states/programs.bpf.h"

#include "bpf/metrics/programs.bpf.h"
#include "bpf/rtt/programs.bpf.h"
#include "bpf/states/attempt_programs.bpf.h"
#include "bpf/states/iterator_programs.bpf.h"
#include "bpf/states/listener_programs.bpf.h"
#include "bpf/states/retransmission_programs.bpf.h"
#include "bpf/states/snapshot_programs.bpf.h"
#include "bpf/track/accept_programs.bpf.h"
#include "bpf/track/cgroup_programs.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
