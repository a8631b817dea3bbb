/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libbpf reads the kernel's BTF (5 MB or more), one page per call, copies it, and frees all of it when the programs are
 * loaded. Where huge pages are given on request (the default of many distributions), this file saves 2,000 page faults,
 * a tenth of a start.
 */
#include "probe/load.h"

#include "probe/optional.h"
#include "probe/program.h"

#include <bpf/libbpf.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUGE_PAGE  ((uintptr_t)2 << 20)
#define MMAP_MAX   (32 << 20)  /* the upper limit of glibc */
#define THRESHOLDS (128 << 10) /* the defaults of glibc */

/* Returns the size of both copies of the BTF. With room for the rest, the last huge page sometimes cost more memory. */
static size_t size_of_load(void)
{
	struct stat types;

	return stat("/sys/kernel/btf/vmlinux", &types) ? 0 : 2 * (size_t)types.st_size;
}

/* Puts large allocations on the heap, and the heap in huge pages. A failure costs only time. */
static void widen_heap(void)
{
	size_t size = size_of_load();
	uintptr_t first, end;
	char *room;

	mallopt(M_MMAP_THRESHOLD, MMAP_MAX);
	mallopt(M_TRIM_THRESHOLD, MMAP_MAX);
	room = malloc(size);
	first = ((uintptr_t)room + HUGE_PAGE - 1) & -HUGE_PAGE;
	end = ((uintptr_t)room + size) & -HUGE_PAGE;
	if (room && end > first)
		madvise((void *)first, end - first, MADV_HUGEPAGE);
	free(room);
}

static void narrow_heap(void)
{
	mallopt(M_MMAP_THRESHOLD, THRESHOLDS);
	mallopt(M_TRIM_THRESHOLD, THRESHOLDS);
	malloc_trim(0);
}

/*
 * Drops the pages of the object, which libbpf has already copied. The pages are mapped from the tool's own file, so a
 * later access reads them again.
 */
static void drop_object(const struct bpf_object_skeleton *skeleton)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = ((uintptr_t)skeleton->data + page - 1) & -page;
	uintptr_t end = ((uintptr_t)skeleton->data + skeleton->data_sz) & -page;

	if (end > first)
		madvise((void *)first, end - first, MADV_DONTNEED);
	malloc_trim(0);
}

int load_skeleton(struct bpf_object_skeleton *skeleton, const struct refusals *refusals)
{
	int error;

	if (refusals)
		optional_leave_out(refusals, *skeleton->obj);
	program_forget_blame();
	drop_object(skeleton);
	widen_heap();
	error = bpf_object__load_skeleton(skeleton);
	narrow_heap();
	return error;
}
