/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The questions to this machine. Each function tries one thing, in a process of its own: open files, mounts and
 * namespaces end with that process.
 */
#ifndef TESTS_MACHINE_QUESTIONS_H
#define TESTS_MACHINE_QUESTIONS_H

#include "answer.h"

/* Loads and attaches a program of machine.bpf.c. Reads an iterator, too. */
void programs_try(const char *program, struct answer *answer);

void mounts_try_btf(const char *unused, struct answer *answer);
void mounts_try_tracefs(const char *unused, struct answer *answer);
void mounts_try_cgroup2(const char *unused, struct answer *answer);

/* Mounts tracefs on /sys/kernel/tracing for this process alone, unless it is already there. 0 or a negative errno. */
int mounts_show_tracefs(void);

void namespaces_try_user(const char *unused, struct answer *answer);
void namespaces_try_network(const char *unused, struct answer *answer);
void namespaces_try_time(const char *unused, struct answer *answer);
void namespaces_try_netem(const char *unused, struct answer *answer);
void namespaces_try_tun(const char *unused, struct answer *answer);

/* Answers a system call of another process. */
void seccomp_try_notify(const char *unused, struct answer *answer);

#endif
