/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/held_stderr.h"

#include "os/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

void held_stderr_begin(struct held_stderr *ret)
{
	_cleanup_close_ int own = -1, held = -1;

	*ret = (struct held_stderr){-1, -1};
	if (!isatty(STDERR_FILENO))
		return;
	own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	held = memfd_create("messages", MFD_CLOEXEC);
	if (own < 0 || held < 0 || dup2(held, STDERR_FILENO) < 0)
		return;
	*ret = (struct held_stderr){TAKE_FD(own), TAKE_FD(held)};
}

void held_stderr_end(struct held_stderr *held)
{
	char text[4096];
	ssize_t length;
	off_t at = 0;

	if (held->own_fd < 0)
		return;
	dup2(held->own_fd, STDERR_FILENO);
	while ((length = pread(held->held_fd, text, sizeof(text), at)) > 0) {
		if (write(STDERR_FILENO, text, (size_t)length) < 0)
			break;
		at += length;
	}
	cleanup_close(&held->own_fd);
	cleanup_close(&held->held_fd);
}
