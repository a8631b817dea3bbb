/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_BPFIO_LOAD_H
#define TCPVITALS_BPFIO_LOAD_H

struct bpf_object_skeleton;
struct refusals;

/*
 * Loads as a generated NAME__load() does, in less time, and without the programs in `refusals` (may be NULL). 0 or a
 * negative errno.
 */
int load_skeleton(struct bpf_object_skeleton *skeleton, const struct refusals *refusals);

#endif
