/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looks up types of the running kernel in its BTF, which takes about 10 ms to load (btf__load_vmlinux_btf()). */
#ifndef TCPVITALS_PROBE_KERNEL_TYPE_H
#define TCPVITALS_PROBE_KERNEL_TYPE_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns NULL if there is no such struct. */
const struct btf_type *kernel_struct(const struct btf *btf, const char *name);

/* Adds the offset of the member, in bytes, to *offset. Returns 0 or -ENOENT. */
int kernel_add_offset(const struct btf *btf, const char *structure, const char *member, uint32_t *offset);

/*
 * Whether the iterator bpf_sk_storage_map is dangerous: the kernel takes an element away from its socket before it
 * takes it out of the map, and the iterator follows the pointer to the socket (a NULL dereference, seen with 7.2 and
 * 7.3). The elements have a `state` since then.
 */
bool kernel_storage_iterator_is_faulty(void);

#endif
