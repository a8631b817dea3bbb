/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF programs, maps and links that a process has open, and a wait for their end. */
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

/* Reads /proc/PID/fdinfo. */
void bpf_objects_of(pid_t pid, struct bpf_objects *ret_objects);

/*
 * Opens the map of that name among the objects. The caller closes the descriptor. Fails the test if there is no such
 * map.
 */
int bpf_objects_open_map(const struct bpf_objects *objects, const char *name);

/* Returns when none of the objects exists any more. Fails the test after 10 s. */
void bpf_objects_wait_gone(const struct bpf_objects *objects);

#endif
