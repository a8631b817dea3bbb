/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads a BPF object, at a lower cost than libbpf alone. */
#ifndef TCPVITALS_PROBE_LOAD_H
#define TCPVITALS_PROBE_LOAD_H

struct bpf_object_skeleton;
struct refusals;

/*
 * Loads an object as its generated NAME__load() does, in less time, and without the programs in `refusals` (may be
 * NULL). Returns 0 or a negative errno.
 */
int load_skeleton(struct bpf_object_skeleton *skeleton, const struct refusals *refusals);

#endif
