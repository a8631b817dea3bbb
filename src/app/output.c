/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/output.h"

#include "os/message.h"

#include <errno.h>
#include <string.h>

static int compress(struct sink *sink, const char *name)
{
	int error = sink_compress(sink);

	if (error)
		message("cannot compress %s: %s", name,
			error == -EOPNOTSUPP ? "this build has no libzstd; build with libzstd-dev installed"
			: error == -ESPIPE   ? "not a regular file; write to standard output and pipe it into zstd"
					     : strerror(-error));
	return error;
}

int output_open(const struct command_options *options, struct sink *ret, int *ret_fd, const char **ret_name)
{
	int error = command_open_output(options, ret_fd, ret_name);

	if (!error)
		error = sink_open(*ret_fd, ret);
	if (error) {
		message("cannot write to %s: %s", *ret_name, strerror(-error));
		return error;
	}
	return command_compresses(options) ? compress(ret, *ret_name) : 0;
}
