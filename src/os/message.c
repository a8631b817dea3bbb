/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/message.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void message(const char *format, ...)
{
	struct pollfd polled = {.fd = STDERR_FILENO, .events = POLLOUT};
	char line[1024];
	va_list arguments;
	int length, more;

	length = snprintf(line, sizeof(line), "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	more = vsnprintf(line + length, sizeof(line) - (size_t)length, format, arguments);
	va_end(arguments);
	if (more < 0)
		return;
	length += more;
	if (length > (int)sizeof(line) - 1)
		length = sizeof(line) - 1;
	line[length++] = '\n';
	if (poll(&polled, 1, 200) > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* there is nobody to tell */
}
