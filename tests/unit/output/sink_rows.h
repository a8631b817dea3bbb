/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the tests of output/sink.h. */
#ifndef TCPVITALS_TEST_SINK_ROWS_H
#define TCPVITALS_TEST_SINK_ROWS_H

#include "output/sink.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../kernel/lib/test.h"

static inline bool append_row(struct sink *sink, const char *line)
{
	if (!sink_room(sink, strlen(line)))
		return false;
	strbuf_append_string(&sink->buffer, line);
	sink->rows++;
	return true;
}

static inline int temporary_file(void)
{
	char path[] = "/tmp/tcpvitals-sink-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

#endif
