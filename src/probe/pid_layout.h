/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Offsets in the kernel structs that hold the pids of a process (abi/pid.h). */
#ifndef TCPVITALS_PROBE_PID_LAYOUT_H
#define TCPVITALS_PROBE_PID_LAYOUT_H

#include "abi/pid.h"

/*
 * Reads the layout from the BTF of the running kernel, in about 10 ms. Returns 0, -ENOENT (a struct or member is
 * missing) or another negative errno.
 */
int pid_layout_read(struct pid_layout *ret);

#endif
