/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The capabilities of this process, and the reasons why the kernel refuses BPF. */
#ifndef TCPVITALS_OS_PRIVILEGES_H
#define TCPVITALS_OS_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether the effective capabilities are enough for BPF. */
bool privileges_suffice(void);

/* Returns whether this process may inspect other users' processes (CAP_SYS_PTRACE). */
bool privileges_see_processes(void);

/* Returns whether this process may raise its priority (CAP_SYS_NICE). */
bool privileges_set_priority(void);

/*
 * Explains why the kernel refused BPF with `error` (negative errno), and what to do. `ret` gets a NUL-terminated phrase
 * for the user. The effective capabilities are checked first. Only if they suffice, the phrase is about lockdown,
 * seccomp, user namespaces or BTF.
 */
void privileges_explain(int error, char *ret, size_t size);

#endif
