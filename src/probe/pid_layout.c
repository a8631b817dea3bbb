/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/pid_layout.h"

#include "probe/kernel_type.h"

#include <errno.h>

int pid_layout_read(struct pid_layout *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct pid_layout layout = {};
	const struct btf_type *upid;
	int error;

	if (!btf)
		return -errno;
	upid = kernel_struct(btf, "upid");
	layout.upid_size = upid ? upid->size : 0;
	error = kernel_add_offset(btf, "pid", "level", &layout.level);
	if (!error)
		error = kernel_add_offset(btf, "pid", "numbers", &layout.numbers);
	if (!error)
		error = kernel_add_offset(btf, "upid", "nr", &layout.nr);
	if (!error)
		error = kernel_add_offset(btf, "upid", "ns", &layout.ns);
	if (!error)
		error = kernel_add_offset(btf, "pid_namespace", "ns", &layout.inum);
	if (!error)
		error = kernel_add_offset(btf, "ns_common", "inum", &layout.inum);
	btf__free(btf);
	if (!error)
		*ret = layout;
	return error;
}
