/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_PROBE_PID_LAYOUT_H
#define TCPVITALS_PROBE_PID_LAYOUT_H

#include "abi/pid.h"

/* As the running kernel's BTF tells, which takes some 10 ms. 0 or a negative errno: -ENOENT when it does not tell. */
int pid_layout_read(struct pid_layout *ret);

#endif
