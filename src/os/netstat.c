/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/netstat.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the next word of a line. Returns false at its end. */
static bool next_word(char **line, const char **ret)
{
	*ret = strsep(line, " \n");
	return *ret && **ret;
}

/* Two lines: the names, and the values in the same order. */
static int find_value(char *names, char *values, const char *wanted, uint64_t *ret)
{
	const char *name, *value;

	while (next_word(&names, &name) && next_word(&values, &value)) {
		char *end;
		uint64_t number;

		if (strcmp(name, wanted) != 0)
			continue;
		errno = 0;
		number = strtoull(value, &end, 10);
		if (errno || *end)
			return -EIO;
		*ret = number;
		return 0;
	}
	return -ENOENT;
}

int netstat_read_overflows(uint64_t *ret)
{
	FILE *file = fopen("/proc/thread-self/net/netstat", "re");
	char *names = NULL, *values = NULL;
	size_t names_room = 0, values_room = 0;
	int error = -ENOENT;

	if (!file)
		return -errno;
	while (error == -ENOENT && getline(&names, &names_room, file) > 0 && getline(&values, &values_room, file) > 0) {
		if (!strncmp(names, "TcpExt: ", 8))
			error = find_value(names, values, "ListenOverflows", ret);
	}
	fclose(file);
	free(names);
	free(values);
	return error;
}
