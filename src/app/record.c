/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/record.h"

#include "os/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Bytes of the longest line: a byte of an argument takes up to six. */
#define RECORD_LINE_MAX (8 * JSON_ARGUMENTS_MAX)

static int64_t realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Returns the number of bytes; more than JSON_ARGUMENTS_MAX: there are more arguments. */
static size_t read_arguments(char *ret, size_t size)
{
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, ret, size);

	if (fd >= 0)
		close(fd);
	return length > 0 ? (size_t)length : 0;
}

void record_begin(struct record *record, const char *tool, const char *hook, struct sink *sink)
{
	host_read(&record->host);
	uname(&record->kernel);
	record->run = (struct json_run){
		.tool = tool,
		.version = TCPVITALS_VERSION,
		.hook = hook,
		.host = record->host.name,
		.boot_id = record->host.boot_id,
		.kernel = record->kernel.release,
		.arguments = record->arguments,
		.arguments_length = read_arguments(record->arguments, sizeof(record->arguments)),
		.start_ns = realtime_ns(),
		.monotonic_ns = clock_monotonic_ns(),
	};
	if (sink_room(sink, RECORD_LINE_MAX))
		json_start(&sink->buffer, &record->run);
}

void record_end(struct record *record, const struct loss_report *losses, struct sink *sink)
{
	/* Lines that wait for a slow reader are counted as lost. */
	if (!sink_is_empty(sink) || !sink_room(sink, RECORD_LINE_MAX))
		return;
	json_end(&sink->buffer, &record->run, realtime_ns(), losses);
	/* The line is no row: without room for it, no row is lost. */
	if (sink_sync(sink) || sink_flush(sink))
		sink->buffer.length = sink->written = 0;
}
