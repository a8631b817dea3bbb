/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libbpf reads the kernel's type information, 5 MB or more, a page with each call, copies it, and gives all of that
 * back when the programs are loaded. Where huge pages are for those who ask for them (the default of many
 * distributions), 2,000 page faults are spared, a tenth of a start.
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
#define MMAP_MAX   (32 << 20)  /* glibc's upper limit */
#define THRESHOLDS (128 << 10) /* glibc's defaults */

/* Both copies. With room for the rest, the last huge page was more memory at times. */
static size_t size_of_load(void)
{
	struct stat types;

	return stat("/sys/kernel/btf/vmlinux", &types) ? 0 : 2 * (size_t)types.st_size;
}

/* Large pieces come from the heap, and that is in huge pages. Nothing depends on it. */
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
 * libbpf has copied what it needs of the object when that is open. Its pages are those of our own file: they would come
 * back if somebody looked.
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
