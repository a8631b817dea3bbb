/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/kernel_type.h"

#include <errno.h>
#include <string.h>

const struct btf_type *kernel_struct(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);
}

int kernel_add_offset(const struct btf *btf, const char *structure, const char *member, uint32_t *offset)
{
	const struct btf_type *type = kernel_struct(btf, structure);

	for (__u16 i = 0; type && i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), member) != 0)
			continue;
		*offset += btf_member_bit_offset(type, i) / 8;
		return 0;
	}
	return -ENOENT;
}

bool kernel_storage_iterator_is_faulty(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t unused = 0;
	bool is_faulty = btf && !kernel_add_offset(btf, "bpf_local_storage_elem", "state", &unused);

	btf__free(btf);
	return is_faulty;
}
