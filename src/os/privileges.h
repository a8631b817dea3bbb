/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_PRIVILEGES_H
#define TCPVITALS_OS_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the capabilities in effect are enough for BPF. */
bool privileges_suffice(void);

/* Whether other users' processes may be looked into (CAP_SYS_PTRACE). */
bool privileges_see_processes(void);

/* Whether this process may be scheduled before others (CAP_SYS_NICE). */
bool privileges_set_priority(void);

/*
 * Why the kernel refused BPF with `error` (negative errno), and what to do, as a phrase for the user in `ret`
 * (NUL-terminated). It looks at the capabilities in effect first; only who has them is told about lockdown, seccomp,
 * user namespaces and BTF.
 */
void privileges_explain(int error, char *ret, size_t size);

#endif
