/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/message.h"

#include "core/escape.h"
#include "core/strbuf.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_COLUMNS_MAX 32

void message(const char *format, ...)
{
	struct pollfd polled = {.fd = STDERR_FILENO, .events = POLLOUT};
	const char *name = program_invocation_short_name;
	char line[1536];
	struct strbuf out = strbuf_over(line, sizeof(line) - 1);
	va_list arguments;
	int length, ready;

	/* The caller chooses argv[0]: any length, any bytes. */
	escape_terminal(&out, name, strlen(name), NAME_COLUMNS_MAX);
	strbuf_append_string(&out, ": ");
	va_start(arguments, format);
	length = vsnprintf(line + out.length, sizeof(line) - out.length, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	out.length += (size_t)length;
	if (out.length > out.capacity)
		out.length = out.capacity;
	line[out.length++] = '\n';
	do
		ready = poll(&polled, 1, 200);
	while (ready < 0 && errno == EINTR);
	if (ready > 0 && write(STDERR_FILENO, line, out.length) < 0)
		return; /* a failed diagnostic is not reported */
}
