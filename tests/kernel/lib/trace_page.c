/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "trace_page.h"

#include <stdio.h>
#include <string.h>

/* include/linux/ring_buffer.h: the low five bits of an event's header; 1 to 28 is the length in words */
#define TYPE_LONG_DATA   0
#define TYPE_DATA_MAX    28
#define TYPE_PADDING     29
#define TYPE_TIME_EXTEND 30
#define TYPE_TIME_STAMP  31

#define DELTA_BITS          27
#define ABSOLUTE_BITS       59
#define PAGE_EVENTS_MISSED  (1U << 31)
#define PAGE_MISSED_IS_TOLD (1U << 30)

bool trace_format_field(const char *format, const char *name, size_t *ret_offset, size_t *ret_size)
{
	size_t length = strlen(name);

	for (const char *line = strstr(format, "field:"); line; line = strstr(line + 1, "field:")) {
		/* "field:__u8 saddr[sizeof(struct sockaddr_in6)];", as before 5.12, has spaces behind the name, too. */
		const char *start = line + strcspn(line, "[;");

		while (start > line && start[-1] != ' ')
			start--;
		if (strncmp(start, name, length) || (start[length] != ';' && start[length] != '['))
			continue;
		return sscanf(start + strcspn(start, ";"), "; offset:%zu; size:%zu;", ret_offset, ret_size) == 2;
	}
	return false;
}

bool trace_format_id(const char *format, unsigned int *ret_id)
{
	const char *id = strstr(format, "ID: ");

	return id && sscanf(id, "ID: %u", ret_id) == 1;
}

bool trace_page_layout_parse(const char *text, struct trace_page_layout *ret_layout)
{
	struct trace_page_layout layout;
	size_t data_size;

	if (!trace_format_field(text, "commit", &layout.commit_offset, &layout.commit_size) ||
	    !trace_format_field(text, "data", &layout.data_offset, &data_size))
		return false;
	layout.page_size = layout.data_offset + data_size;
	*ret_layout = layout;
	return true;
}

static uint32_t read_word(const uint8_t *from)
{
	uint32_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* Time stamps carry 59 bits: the rest is that of the page. */
static uint64_t absolute_time(uint64_t low, uint64_t page_time)
{
	uint64_t high = ~0ULL << ABSOLUTE_BITS;

	return (page_time & high) | (low & ~high);
}

/* How far a page has been read. */
struct walk {
	const uint8_t *at, *end;
	uint64_t page_time, time;
};

static bool begin_walk(struct walk *walk, const struct trace_page_layout *layout, const uint8_t *page, size_t size)
{
	uint32_t commit;

	if (size < layout->data_offset)
		return false;
	memcpy(&walk->page_time, page, sizeof(walk->page_time));
	walk->time = walk->page_time;
	commit = read_word(page + layout->commit_offset); /* little endian machines only */
	if (commit & (PAGE_EVENTS_MISSED | PAGE_MISSED_IS_TOLD) || commit > size - layout->data_offset)
		return false;
	walk->at = page + layout->data_offset;
	walk->end = walk->at + commit;
	return true;
}

/* Steps over an entry that is no event: it moves the time. */
static void step_over(struct walk *walk, uint32_t type, uint32_t delta, size_t length)
{
	uint64_t extended = ((uint64_t)length << DELTA_BITS) + delta;

	walk->at += sizeof(uint32_t);
	switch (type) {
	case TYPE_TIME_EXTEND:
		walk->time += extended;
		walk->at += sizeof(uint32_t);
		break;
	case TYPE_TIME_STAMP:
		walk->time = absolute_time(extended, walk->page_time);
		walk->at += sizeof(uint32_t);
		break;
	case TYPE_PADDING:
		walk->time += delta;
		walk->at += length;
		break;
	}
}

bool trace_page_walk(const struct trace_page_layout *layout, const void *page, size_t size, trace_event_fn *fn,
		     void *context)
{
	struct walk walk;

	if (!begin_walk(&walk, layout, page, size))
		return false;
	while (walk.at + sizeof(uint32_t) <= walk.end) {
		uint32_t header = read_word(walk.at), type = header & 31, delta = header >> 5;
		const uint8_t *data = walk.at + sizeof(header);
		size_t length = type * 4;

		if (type == TYPE_PADDING && !delta)
			break; /* nothing but padding up to the end */
		if (type == TYPE_LONG_DATA || type > TYPE_DATA_MAX) {
			if (data + sizeof(uint32_t) > walk.end)
				return false;
			length = read_word(data);
		}
		if (type > TYPE_DATA_MAX) {
			step_over(&walk, type, delta, length);
			continue;
		}
		if (type == TYPE_LONG_DATA && length < sizeof(uint32_t))
			return false;
		walk.at = data + length;
		if (type == TYPE_LONG_DATA) { /* the length counts itself */
			data += sizeof(uint32_t);
			length -= sizeof(uint32_t);
		}
		if (data + length > walk.end)
			return false;
		walk.time += delta;
		fn(walk.time, data, length, context);
	}
	return true;
}
