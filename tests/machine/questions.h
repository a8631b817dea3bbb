/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each function tries one thing, in a process of its own: what it leaves open, mounts or unshares ends with it. */
#ifndef TESTS_MACHINE_QUESTIONS_H
#define TESTS_MACHINE_QUESTIONS_H

#include "answer.h"

/* Loads and attaches a program of machine.bpf.c. An iterator is read, too. */
void programs_try(const char *program, struct answer *answer);

void mounts_try_btf(const char *unused, struct answer *answer);
void mounts_try_tracefs(const char *unused, struct answer *answer);
void mounts_try_cgroup2(const char *unused, struct answer *answer);

/* Mounts tracefs on /sys/kernel/tracing for this process alone, unless it is there. 0 or a negative errno. */
int mounts_show_tracefs(void);

void namespaces_try_user(const char *unused, struct answer *answer);
void namespaces_try_network(const char *unused, struct answer *answer);
void namespaces_try_time(const char *unused, struct answer *answer);
void namespaces_try_netem(const char *unused, struct answer *answer);
void namespaces_try_tun(const char *unused, struct answer *answer);

/* Answers a system call of another process. */
void seccomp_try_notify(const char *unused, struct answer *answer);

#endif
