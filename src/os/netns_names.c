/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/netns_names.h"

#include "abi/owner.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The most namespaces in the table. Further ones have no name. */
#define ENTRIES_MAX 4096

#define CACHE_NS 1000000000ULL

struct netns_table {
	size_t count;
	uint32_t inodes[ENTRIES_MAX]; /* contiguous, because a look-up reads all of them */
	char names[ENTRIES_MAX][NAME_MAX + 1];
};

int netns_names_open(const char *directory, struct netns_names *ret)
{
	struct netns_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	*ret = (struct netns_names){.directory = directory, .table = table};
	return 0;
}

void netns_names_close(struct netns_names *names)
{
	free(names->table);
	names->table = NULL;
}

/* Returns NULL if the table is full. */
static const char *remember(struct netns_table *table, uint32_t inode, const char *name)
{
	if (table->count == ENTRIES_MAX)
		return NULL;
	table->inodes[table->count] = inode;
	snprintf(table->names[table->count], sizeof(table->names[0]), "%s", name);
	return table->names[table->count++];
}

/* Returns the first name that was added for the inode. */
static const char *find(const struct netns_table *table, uint32_t inode)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->inodes[i] == inode)
			return table->names[i];
	return NULL;
}

/* Adds the namespaces in the directory. Other files there are on another file system. */
static void read_directory(const char *path, struct netns_table *table)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	struct stat own, st;

	if (!directory)
		return;
	if (stat("/proc/self/ns/net", &own) == 0) {
		while (table->count < ENTRIES_MAX && (entry = readdir(directory)))
			if (!fstatat(dirfd(directory), entry->d_name, &st, 0) && st.st_dev == own.st_dev)
				remember(table, (uint32_t)st.st_ino, entry->d_name);
	}
	closedir(directory);
}

/*
 * Starts a new table. Without a file, the namespace of process 1 gets the name of that process, because it is the
 * initial one.
 */
static void begin_table(struct netns_names *names)
{
	struct stat st;

	names->table->count = 0;
	read_directory(names->directory, names->table);
	if (!names->without_processes && stat("/proc/1/ns/net", &st) == 0)
		remember(names->table, (uint32_t)st.st_ino, "pid:1");
}

static bool is_in(uint32_t pid, uint32_t inode)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	return stat(path, &st) == 0 && st.st_ino == inode;
}

static const char *name_by_process(struct netns_table *table, uint32_t inode, uint32_t pid)
{
	char name[32];

	if (!pid || pid & OWNER_PID_OUTSIDE || !is_in(pid, inode))
		return NULL;
	snprintf(name, sizeof(name), "pid:%u", pid);
	return remember(table, inode, name);
}

struct name netns_names_find(struct netns_names *names, uint32_t inode, uint32_t pid, uint64_t now_ns)
{
	const char *name;

	if (!names->read_ns || now_ns - names->read_ns > CACHE_NS) {
		begin_table(names);
		names->read_ns = now_ns;
	}
	name = find(names->table, inode);
	if (!name && !names->without_processes)
		name = name_by_process(names->table, inode, pid);
	return name ? (struct name){name, strlen(name)} : (struct name){};
}
