/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel runs each non-sleepable program inside an RCU read-side critical section, for every hook, also where the
 * program may be preempted. An RCU grace period is therefore the exact wait.
 *
 * bpf(2) has a grace period for this purpose: an update of a map of maps returns when no program can still use the old
 * map (maybe_wait_bpf_programs(), since Linux 5.0). membarrier(2) also has one, but not on a single CPU, and not with
 * nohz_full.
 */
#include "probe/grace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAP_US 10000

/* Updates a map of maps. Returns 0 or a negative errno. */
static int replace_inner_map(int inner)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = (uint32_t)inner);
	int outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "grace_outer", sizeof(uint32_t), sizeof(uint32_t), 1,
				   &options);
	uint32_t key = 0;
	int error;

	if (outer < 0)
		return -errno;
	error = bpf_map_update_elem(outer, &key, &inner, BPF_ANY) ? -errno : 0;
	close(outer);
	return error;
}

static int wait_by_map(void)
{
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "grace_inner", sizeof(uint32_t), sizeof(uint32_t), 1, NULL);
	int error;

	if (inner < 0)
		return -errno;
	error = replace_inner_map(inner);
	close(inner);
	return error;
}

static int wait_by_membarrier(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) ? -errno : 0;
}

int grace_wait(void)
{
	int error = wait_by_map();

	if (error)
		error = wait_by_membarrier();
	if (error)
		usleep(NAP_US);
	return error;
}
