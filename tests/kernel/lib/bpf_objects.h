/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF programs, maps and links that a process has open, and whether they outlive it. */
#ifndef TESTS_KERNEL_BPF_OBJECTS_H
#define TESTS_KERNEL_BPF_OBJECTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum bpf_kind {
	BPF_KIND_PROGRAM,
	BPF_KIND_MAP,
	BPF_KIND_LINK,
	BPF_KINDS
};

struct bpf_objects {
	uint32_t ids[BPF_KINDS][32];
	size_t counts[BPF_KINDS];
};

/* From /proc/PID/fdinfo. */
void bpf_objects_of(pid_t pid, struct bpf_objects *ret_objects);

/* A descriptor of the map of that name among them, to be closed; fails the test without one. */
int bpf_objects_open_map(const struct bpf_objects *objects, const char *name);

/* Returns once none of them exists any more, or fails the test after 10 s. */
void bpf_objects_wait_gone(const struct bpf_objects *objects);

#endif
