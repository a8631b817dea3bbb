/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "require.h"

#define PROGRAM "build/tests/machine/machine"

/* All lines, each with its newline. Read once. */
static const char *answers(void)
{
	static char text[8192];
	const char *path = getenv("TCPVITALS_MACHINE");
	bool is_file = path && *path;
	FILE *stream;
	size_t length;
	int status;

	if (*text)
		return text;
	stream = is_file ? fopen(path, "re") : popen(PROGRAM, "re");
	require(stream, "cannot read %s", is_file ? path : PROGRAM);
	length = fread(text, 1, sizeof(text) - 1, stream);
	status = is_file ? fclose(stream) : pclose(stream);
	require(length && !status, "no answers from %s (make tests)", is_file ? path : PROGRAM);
	return text;
}

const char *machine_refuses(const char *name)
{
	static char text[400];
	size_t length = strlen(name);
	char why[256] = "";

	for (const char *line = answers(); *line; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, name, length) || line[length] != '\t')
			continue;
		if (strncmp(line + length, "\tno\t", 4))
			return NULL;
		sscanf(line + length + 4, "%255[^\n]", why);
		snprintf(text, sizeof(text), "this machine has no %s: %s", name, why);
		return text;
	}
	require(false, "tests/machine has no answer named %s", name);
	return NULL;
}

void need_machine(const char *name)
{
	const char *why = machine_refuses(name);

	if (why)
		skip_because("%s", why);
}
