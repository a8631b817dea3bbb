/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpfio/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int log_to_stderr(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, arguments);
}

void program_log(bool verbose)
{
	libbpf_set_print(verbose ? log_to_stderr : NULL);
}

int program_recursion_misses(int prog_fd, uint64_t *ret)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int error = bpf_obj_get_info_by_fd(prog_fd, &info, &size);

	if (error)
		return error;
	*ret = info.recursion_misses;
	return 0;
}

int program_check_fexit(void)
{
	/* return 0, at the exit of type 1, which is no function: an invalid argument, unless it is forbidden before */
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FEXIT, .attach_btf_id = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", nothing, 2, &options);

	if (fd >= 0)
		close(fd);
	return fd == -EPERM ? fd : 0;
}

int program_check_kretprobe(void)
{
	/* what libbpf makes one with */
	static const char *const paths[] = {
		"/sys/bus/event_source/devices/kprobe/type",
		"/sys/kernel/tracing/kprobe_events",
		"/sys/kernel/debug/tracing/kprobe_events",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (access(paths[i], F_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int program_iterate(const struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	char nothing[64];
	ssize_t length;
	int fd, error = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		error = -errno;
	while (!error && (length = read(fd, nothing, sizeof(nothing))) != 0) {
		if (length < 0 && errno != EINTR && errno != EAGAIN)
			error = -errno;
	}
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return error;
}
