/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions about BPF programs: loads, attaches and reads the programs of machine.bpf.c. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "machine.skel.h"
#include "probe/kernel_type.h"
#include "questions.h"

#define KPROBES "/sys/bus/event_source/devices/kprobe"

/* Only that program is loaded, and the map only where the program uses it. */
static struct bpf_program *choose(struct machine_bpf *skeleton, const char *name)
{
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, skeleton->obj)
	{
		bool is_chosen = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, is_chosen);
		if (is_chosen)
			chosen = program;
	}
	bpf_map__set_autocreate(skeleton->maps.sockets,
				chosen == skeleton->progs.btf_storage || chosen == skeleton->progs.iter_storage);
	return chosen;
}

static struct bpf_link *attach(struct machine_bpf *skeleton, struct bpf_program *program)
{
	union bpf_iter_link_info info = {.map.map_fd = (__u32)bpf_map__fd(skeleton->maps.sockets)};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	if (program == skeleton->progs.iter_storage)
		return bpf_program__attach_iter(program, &options);
	return bpf_program__attach(program);
}

/* 0 or a negative errno. */
static int read_once(const struct bpf_link *link)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	char byte;
	int error = 0;

	if (fd < 0)
		return fd;
	/* EAGAIN: so many objects that the kernel takes a break. */
	if (read(fd, &byte, 1) < 0 && errno != EAGAIN)
		error = -errno;
	close(fd);
	return error;
}

static int try(struct machine_bpf *skeleton, struct bpf_program *program)
{
	struct bpf_link *link;
	int error = bpf_object__load(skeleton->obj);

	if (error)
		return error;
	link = attach(skeleton, program);
	if (!link)
		return -errno;
	if (bpf_program__expected_attach_type(program) == BPF_TRACE_ITER)
		error = read_once(link);
	bpf_link__destroy(link);
	return error;
}

void programs_try(const char *name, struct answer *answer)
{
	struct bpf_program *program;
	struct machine_bpf *skeleton;
	int error;

	libbpf_set_print(NULL);
	skeleton = machine_bpf__open();
	program = skeleton ? choose(skeleton, name) : NULL;
	if (!program) {
		answer_set(answer, UNKNOWN, "machine.bpf.c has no program %s", name);
		return;
	}
	if (program == skeleton->progs.classic_state && mounts_show_tracefs()) {
		answer_set(answer, NO, "no tracefs");
		return;
	}
	if (program == skeleton->progs.iter_storage && kernel_storage_iterator_is_faulty()) {
		answer_set(answer, NO, "the kernel's fault: it may follow a NULL pointer");
		return;
	}
	error = try(skeleton, program);
	machine_bpf__destroy(skeleton);
	if (!error)
		answer_set(answer, YES, "%s", "");
	else if (error == -ENOENT && access(KPROBES, F_OK))
		answer_set(answer, NO, "no kprobes (CONFIG_KPROBE_EVENTS)");
	else if (error == -ESRCH) /* libbpf's: no such type, or no BTF at all */
		answer_set(answer, NO, "not in the kernel's BTF");
	else
		answer_refused(answer, -error);
}
