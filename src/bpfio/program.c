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
