/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pages of per_cpu/cpuN/trace_pipe_raw. The text of a trace does not have skaddr: it is not in the tracepoint's
 * print format, and the options `raw` and `fields` differ between kernels.
 *
 * The binary page has had the same layout since 2.6.37, and the kernel describes it (events/header_page,
 * events/.../format). A page is 20 times faster to read than text.
 */
#ifndef TESTS_KERNEL_TRACE_PAGE_H
#define TESTS_KERNEL_TRACE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One event of the page: its time, and its bytes, whose fields `format` describes. */
typedef void trace_event_fn(uint64_t time_ns, const void *data, size_t size, void *context);

struct trace_page_layout {
	size_t commit_offset; /* place of the number of bytes used */
	size_t commit_size;
	size_t data_offset;
	size_t page_size; /* the most that one read() returns */
};

/* Parses the text of events/header_page. False if a field is missing. */
bool trace_page_layout_parse(const char *text, struct trace_page_layout *ret_layout);

/* Calls `fn` for each event. False if the page reports dropped events, before it or in it, or is malformed. */
bool trace_page_walk(const struct trace_page_layout *layout, const void *page, size_t size, trace_event_fn *fn,
		     void *context);

/* The place of a field, from the text of the format file of an event. False if there is no such field. */
bool trace_format_field(const char *format, const char *name, size_t *ret_offset, size_t *ret_size);

/* The id of an event, from the line "ID: 2287" of its format file. */
bool trace_format_id(const char *format, unsigned int *ret_id);

#endif
