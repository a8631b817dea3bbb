/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/terminal.h"

#include "os/cleanup.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define WIDTH_USUAL 80
#define WIDTH_MAX   1000

uint32_t terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width;

	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	width = columns ? strtol(columns, NULL, 10) : 0;
	return width > 0 && width <= WIDTH_MAX ? (uint32_t)width : WIDTH_USUAL;
}

bool terminal_has_color(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(fd) && term && strcmp(term, "dumb") && !(no_color && *no_color);
}

bool terminal_controls_us(void)
{
	_cleanup_close_ int fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0;
}

static int count_cells(uint32_t code)
{
	return wcwidth((wchar_t)code);
}

cell_width *terminal_cells(void)
{
	return setlocale(LC_CTYPE, "C.UTF-8") ? count_cells : NULL;
}
