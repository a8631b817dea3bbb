/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pages of per_cpu/cpuN/trace_pipe_raw. The text of a trace does not show skaddr (it is not in the tracepoint's
 * print format, and the `raw` and `fields` options differ between kernels), while the binary page has kept its layout
 * since 2.6.37, is described by the kernel itself (events/header_page, events/.../format) and is 20 times faster to
 * read.
 */
#ifndef TESTS_KERNEL_TRACE_PAGE_H
#define TESTS_KERNEL_TRACE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One event of the page: its time and its bytes, whose fields `format` describes. */
typedef void trace_event_fn(uint64_t time_ns, const void *data, size_t size, void *context);

struct trace_page_layout {
	size_t commit_offset; /* where the number of bytes used stands */
	size_t commit_size;
	size_t data_offset;
	size_t page_size; /* what one read() returns at most */
};

/* From the text of events/header_page. */
bool trace_page_layout_parse(const char *text, struct trace_page_layout *ret_layout);

/* Calls `fn` for each event. False when the page says that events before or in it were dropped, or makes no sense. */
bool trace_page_walk(const struct trace_page_layout *layout, const void *page, size_t size, trace_event_fn *fn,
		     void *context);

/* Where a field stands, from the text of an event's format file: false when there is no such field. */
bool trace_format_field(const char *format, const char *name, size_t *ret_offset, size_t *ret_size);

/* "ID: 2287" */
bool trace_format_id(const char *format, unsigned int *ret_id);

#endif
