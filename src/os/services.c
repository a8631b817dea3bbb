/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/services.h"

#include "core/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS (UINT16_MAX + 1)

/* Returns 0 or -ENOMEM. */
static int take_line(struct services *services, const char *line, size_t length)
{
	struct name name;
	uint16_t port;

	if (!services_parse_line(line, length, &name, &port) || services->names[port])
		return 0;
	services->names[port] = strndup(name.bytes, name.length);
	return services->names[port] ? 0 : -ENOMEM;
}

static int read_file(struct services *services, FILE *file)
{
	size_t room = 0;
	char *line = NULL;
	ssize_t length;
	int error = 0;

	while (!error && (length = getline(&line, &room, file)) >= 0)
		error = take_line(services, line, (size_t)length - (line[length - 1] == '\n'));
	free(line);
	return !error && ferror(file) ? -EIO : error;
}

int services_open(const char *path, struct services *ret)
{
	struct services services = {.names = calloc(PORTS, sizeof(*services.names))};
	FILE *file = services.names ? fopen(path, "re") : NULL;
	int error;

	if (!file) {
		error = -errno;
		free(services.names);
		return error;
	}
	error = read_file(&services, file);
	fclose(file);
	if (error)
		services_close(&services);
	else
		*ret = services;
	return error;
}

void services_close(struct services *services)
{
	for (size_t port = 0; services->names && port < PORTS; port++)
		free(services->names[port]);
	free(services->names);
	services->names = NULL;
}

struct name services_name(const struct services *services, uint16_t port)
{
	const char *name = services->names ? services->names[port] : NULL;

	return name ? (struct name){name, strlen(name)} : (struct name){};
}
