/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpf_objects.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "require.h"

#define PATIENCE_SECONDS 10

static const struct {
	const char *name;
	const char *format; /* of the line in fdinfo */
	int (*open)(uint32_t id);
} kinds[BPF_KINDS] = {
	[BPF_KIND_PROGRAM] = {"program", "prog_id: %u", bpf_prog_get_fd_by_id},
	[BPF_KIND_MAP] = {"map", "map_id: %u", bpf_map_get_fd_by_id},
	[BPF_KIND_LINK] = {"link", "link_id: %u", bpf_link_get_fd_by_id},
};

static void add_line(struct bpf_objects *objects, const char *line)
{
	for (enum bpf_kind kind = 0; kind < BPF_KINDS; kind++) {
		size_t *count = &objects->counts[kind];

		if (*count < sizeof(objects->ids[0]) / sizeof(objects->ids[0][0]) &&
		    sscanf(line, kinds[kind].format, &objects->ids[kind][*count]) == 1)
			++*count;
	}
}

void bpf_objects_of(pid_t pid, struct bpf_objects *ret_objects)
{
	struct bpf_objects objects = {0};
	const struct dirent *entry;
	char path[320], line[256];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	require(dir, "cannot open %s", path);
	while ((entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			add_line(&objects, line);
		if (file)
			fclose(file);
	}
	closedir(dir);
	*ret_objects = objects;
}

int bpf_objects_open_map(const struct bpf_objects *objects, const char *name)
{
	for (size_t i = 0; i < objects->counts[BPF_KIND_MAP]; i++) {
		int fd = bpf_map_get_fd_by_id(objects->ids[BPF_KIND_MAP][i]);
		struct bpf_map_info info = {0};
		uint32_t size = sizeof(info);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) && !strcmp(info.name, name))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	require(false, "the tool has no map called %s", name);
}

static void wait_gone(enum bpf_kind kind, uint32_t id, uint64_t deadline)
{
	int fd;

	while ((fd = kinds[kind].open(id)) >= 0) {
		close(fd);
		require(now_ns() < deadline, "the %s with id %u is still there", kinds[kind].name, id);
		sleep_ms(10);
	}
	require(errno == ENOENT, "cannot tell whether the %s with id %u is gone", kinds[kind].name, id);
}

void bpf_objects_wait_gone(const struct bpf_objects *objects)
{
	uint64_t deadline = now_ns() + PATIENCE_SECONDS * NS_PER_SEC;

	for (enum bpf_kind kind = 0; kind < BPF_KINDS; kind++)
		for (size_t i = 0; i < objects->counts[kind]; i++)
			wait_gone(kind, objects->ids[kind][i], deadline);
}
