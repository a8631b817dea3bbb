/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Conditions that a test cannot go on without, in the test itself and in processes that it forks. */
#ifndef TESTS_KERNEL_REQUIRE_H
#define TESTS_KERNEL_REQUIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_MS  1000000ULL
#define NS_PER_SEC 1000000000ULL

/* Fails the running test with a message. A forked process writes the message to stderr and exits. */
#define require(condition, ...)                                                                                        \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			require_failed(__FILE__, __LINE__, #condition, __VA_ARGS__);                                   \
	} while (0)

_Noreturn void require_failed(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Prints the reason and skips the running test. */
_Noreturn void skip_because(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* CLOCK_MONOTONIC, and CLOCK_REALTIME less CLOCK_MONOTONIC, in ns. */
uint64_t now_ns(void);
int64_t wall_offset_ns(void);

void sleep_ms(unsigned int ms);

/* malloc() and realloc() that fail the test instead of returning NULL. The caller frees the memory. */
void *allocate(size_t size);
void *reallocate(void *memory, size_t size);

#endif
