/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/pid_layout.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

static const struct btf_type *find_struct(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);
}

/* Adds the offset of the member, in bytes, to *offset. Returns 0 or -ENOENT. */
static int add_offset(const struct btf *btf, const char *structure, const char *name, __u32 *offset)
{
	const struct btf_type *type = find_struct(btf, structure);

	for (__u16 i = 0; type && i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), name) != 0)
			continue;
		*offset += btf_member_bit_offset(type, i) / 8;
		return 0;
	}
	return -ENOENT;
}

int pid_layout_read(struct pid_layout *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct pid_layout layout = {};
	const struct btf_type *upid;
	int error;

	if (!btf)
		return -errno;
	upid = find_struct(btf, "upid");
	layout.upid_size = upid ? upid->size : 0;
	error = add_offset(btf, "pid", "level", &layout.level);
	if (!error)
		error = add_offset(btf, "pid", "numbers", &layout.numbers);
	if (!error)
		error = add_offset(btf, "upid", "nr", &layout.nr);
	if (!error)
		error = add_offset(btf, "upid", "ns", &layout.ns);
	if (!error)
		error = add_offset(btf, "pid_namespace", "ns", &layout.inum);
	if (!error)
		error = add_offset(btf, "ns_common", "inum", &layout.inum);
	btf__free(btf);
	if (!error)
		*ret = layout;
	return error;
}
