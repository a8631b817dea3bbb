/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "require.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static pid_t test_pid;

__attribute__((constructor)) static void remember_test_pid(void)
{
	test_pid = getpid();
}

void require_failed(const char *file, int line, const char *condition, const char *format, ...)
{
	int error = errno;
	char text[8192]; /* all that a tool said before it ended */
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	if (getpid() != test_pid) {
		dprintf(STDERR_FILENO, "%s:%d: in a helper process: %s (%s; errno: %s)\n", file, line, text, condition,
			strerror(error));
		_exit(99);
	}
	print_error("%s (%s; errno: %s)\n", text, condition, strerror(error));
	_fail(file, line);
	abort();
}

void skip_because(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_message("skipped: %s\n", text);
	skip();
	abort();
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * NS_PER_SEC + (uint64_t)time.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int64_t wall_offset_ns(void)
{
	uint64_t before = now_ns();
	uint64_t wall = clock_ns(CLOCK_REALTIME);

	return (int64_t)(wall - (before + now_ns()) / 2);
}

void sleep_ms(unsigned int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

void *allocate(size_t size)
{
	return reallocate(NULL, size);
}

void *reallocate(void *memory, size_t size)
{
	memory = realloc(memory, size ? size : 1);
	require(memory, "no memory for %zu bytes", size);
	return memory;
}
