/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/writer.h"

#include <string.h>

void writer_set_label(struct writer *writer, size_t i, const char *name, const char *value)
{
	writer->labels[i] = (struct metric_label){name, value, strlen(value)};
}

void writer_begin(struct writer *writer, enum metric_id id)
{
	exposition_begin(writer->exposition, &metrics[id]);
	writer->count = 0;
}

void writer_end(struct writer *writer)
{
	exposition_end(writer->exposition);
}

void writer_add(struct writer *writer, uint64_t value)
{
	exposition_add(writer->exposition, writer->labels, writer->count, value);
}

void writer_write_one(struct writer *writer, enum metric_id id, uint64_t value)
{
	writer_begin(writer, id);
	writer_add(writer, value);
	writer_end(writer);
}

void writer_add_labelled(struct writer *writer, const char *name, const char *value, uint64_t number)
{
	writer_set_label(writer, 0, name, value);
	writer->count = 1;
	writer_add(writer, number);
}
