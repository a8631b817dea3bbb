/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_BPFIO_LOAD_H
#define TCPVITALS_BPFIO_LOAD_H

struct bpf_object_skeleton;
struct refusals;

/* What a generated NAME__load() does, in less time, and without what was refused before (may be NULL). 0 or a negative
 * errno. */
int load_skeleton(struct bpf_object_skeleton *skeleton, const struct refusals *refusals);

#endif
