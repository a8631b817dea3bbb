/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

int map_cpus(void)
{
	return libbpf_num_possible_cpus();
}

int map_next_key(int fd, const void *key, void *ret)
{
	return bpf_map_get_next_key(fd, key, ret) ? -errno : 0;
}

int map_lookup(int fd, const void *key, void *ret)
{
	return bpf_map_lookup_elem(fd, key, ret) ? -errno : 0;
}
