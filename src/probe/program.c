/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Global, because libbpf's callback gets no context. libbpf's return value does not name the program that failed. */
static struct {
	bool verbose;
	char program[64];
} blame;

/* Each complaint of libbpf about a program begins with this text. */
#define BLAME "libbpf: prog '%63[^']'"

static int handle_message(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[128];
	va_list copy;

	if (level == LIBBPF_DEBUG)
		return 0;
	va_copy(copy, arguments);
	vsnprintf(text, sizeof(text), format, copy);
	va_end(copy);
	if (level == LIBBPF_WARN)
		sscanf(text, BLAME, blame.program);
	return blame.verbose ? vfprintf(stderr, format, arguments) : 0;
}

void program_log(bool verbose)
{
	blame.verbose = verbose;
	libbpf_set_print(handle_message);
}

void program_forget_blame(void)
{
	blame.program[0] = '\0';
}

const char *program_blamed(void)
{
	return blame.program;
}

bool program_is_loaded(const struct bpf_program *program)
{
	return bpf_program__fd(program) >= 0;
}

/* The error of attaching a trampoline if the architecture has none (arm64 before Linux 6.4). Not in errno.h. */
#define ENOTSUPP_KERNEL 524

const char *program_error(int error)
{
	return error == -ENOTSUPP_KERNEL ? "not supported" : strerror(-error);
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
	/*
	 * The program "return 0", for the exit of BTF type 1, which is no function. The kernel reports an invalid
	 * argument, unless a policy refuses the program first.
	 */
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
	/* libbpf makes a kretprobe with one of these files. */
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

/* struct bpf_link_info of a kprobe. Headers before Linux 6.7 lack these members. */
struct probe_info {
	uint32_t type;
	uint32_t id;
	uint32_t prog_id;
	uint32_t pad;
	uint32_t kind; /* enum bpf_perf_event_type */
	uint32_t pad2;
	uint64_t func_name; /* 0: name not requested */
	uint32_t name_len;
	uint32_t offset;
	uint64_t addr;
	uint64_t missed;
};

_Static_assert(sizeof(struct probe_info) == 56, "the layout is the kernel's");

int program_probe_misses(const struct bpf_link *link, uint64_t *ret)
{
	struct probe_info info = {0};
	uint32_t size = sizeof(info);
	int error = bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &size);

	if (error)
		return error;
	if (size < sizeof(info) || info.type != BPF_LINK_TYPE_PERF_EVENT || !info.kind)
		return -EOPNOTSUPP;
	*ret = info.missed;
	return 0;
}

/* Must be less than the room in message(). */
#define VERDICT_SIZE 600

const char *program_verdict(char *log)
{
	char *end = strstr(log, "\nprocessed "), *from, *line;

	if (!end)
		end = log + strlen(log);
	*end = '\0';
	if (end - log <= VERDICT_SIZE)
		return log;
	from = end - VERDICT_SIZE;
	line = strchr(from, '\n');
	return line ? line + 1 : from;
}

bool program_may_cast(void)
{
	/*
	 * bpf_rdonly_cast() and this helper are both new in Linux 6.2. A helper can be probed; only BTF lists a kernel
	 * function.
	 */
	const enum bpf_func_id cgrp_storage_get = 210;

	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, cgrp_storage_get, NULL) != 0;
}

bool program_has_typed_task(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_get_current_task_btf, NULL) != 0;
}

/*
 * Opens an iterator. `map` is the map to walk; NULL if the program defines its objects. Returns a descriptor and its
 * link, or a negative errno.
 */
static int open_iterator(const struct bpf_program *program, const struct bpf_map *map, struct bpf_link **ret_link)
{
	union bpf_iter_link_info info = {.map.map_fd = map ? (uint32_t)bpf_map__fd(map) : 0};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link = bpf_program__attach_iter(program, map ? &options : NULL);
	int fd;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		fd = -errno;
		/* libbpf prints no message for this failure. */
		snprintf(blame.program, sizeof(blame.program), "%s", bpf_program__name(program));
		bpf_link__destroy(link);
		return fd;
	}
	*ret_link = link;
	return fd;
}

int program_try_iterator(const struct bpf_program *program, const struct bpf_map *map)
{
	struct bpf_link *link;
	int fd = open_iterator(program, map, &link);

	if (fd < 0)
		return fd;
	close(fd);
	bpf_link__destroy(link);
	return 0;
}

/* Reads from an iterator. Returns the number of bytes, 0 at the end, or a negative errno. */
static ssize_t read_iterator(int fd, char *buffer, size_t size)
{
	ssize_t length;

	do
		length = read(fd, buffer, size);
	while (length < 0 && (errno == EINTR || errno == EAGAIN));
	return length < 0 ? -errno : length;
}

int program_iterate(const struct bpf_program *program, const struct bpf_map *map)
{
	struct bpf_link *link;
	char nothing[64];
	ssize_t length;
	int fd = open_iterator(program, map, &link);

	if (fd < 0)
		return fd;
	do
		length = read_iterator(fd, nothing, sizeof(nothing));
	while (length > 0);
	close(fd);
	bpf_link__destroy(link);
	return (int)length;
}

/* Visits the whole records of `length` bytes. Returns the bytes of the last one, which go on behind them. */
static size_t visit_records(const struct program_reader *reader, char *buffer, size_t length)
{
	size_t at;

	for (at = 0; at + reader->size <= length; at += reader->size) {
		if (reader->visit)
			reader->visit(reader->context, buffer + at);
	}
	memmove(buffer, buffer + at, length - at);
	return length - at;
}

int program_read(const struct bpf_program *program, const struct program_reader *reader)
{
	size_t capacity = reader->size * reader->at_a_time, have = 0;
	char *buffer = malloc(capacity);
	struct bpf_link *link;
	ssize_t length = 0;
	int fd;

	if (!buffer)
		return -ENOMEM;
	fd = open_iterator(program, NULL, &link);
	while (fd >= 0 && (length = read_iterator(fd, buffer + have, capacity - have)) > 0) {
		have = visit_records(reader, buffer, have + (size_t)length);
		if (reader->is_done && *reader->is_done)
			break;
		if (reader->pause)
			reader->pause(reader->pause_context);
	}
	free(buffer);
	if (fd < 0)
		return fd;
	close(fd);
	bpf_link__destroy(link);
	return length < 0 ? (int)length : 0;
}
