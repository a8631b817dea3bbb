/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t source_read_plain(void *context, char *buffer, size_t size)
{
	const struct source *source = context;
	struct pollfd polled = {.fd = source->fd, .events = POLLIN};
	ssize_t length;

	/* Not O_NONBLOCK: that would be a setting of the terminal or the pipe, which others share. */
	if (poll(&polled, 1, 0) == 0)
		return -EAGAIN;
	length = read(source->fd, buffer, size);
	if (length >= 0)
		return length;
	return errno == EINTR ? -EAGAIN : -errno;
}

int source_open(const char *path, struct source *ret)
{
	struct stat st;
	int error = 0;

	ret->own_fd = strcmp(path, "-") != 0;
	ret->fd = ret->own_fd ? open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC) : STDIN_FILENO;
	if (ret->fd < 0 || fstat(ret->fd, &st))
		error = -errno;
	else if (S_ISDIR(st.st_mode))
		error = -EISDIR;
	ret->read = source_read_plain;
	ret->context = ret;
	return error;
}

void source_close(struct source *source)
{
	if (source->own_fd && source->fd >= 0)
		close(source->fd);
	*source = SOURCE_CLOSED;
}
