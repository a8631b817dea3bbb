/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/summary.h"

#include "output/summary.h"
#include "probe/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int summary_open(int map_fd, uint64_t now_ns, struct summarizer *ret)
{
	int cpus = map_cpus();

	if (cpus < 0)
		return cpus;
	ret->per_cpu = calloc((size_t)cpus, sizeof(*ret->per_cpu));
	if (!ret->per_cpu)
		return -ENOMEM;
	ret->map_fd = map_fd;
	ret->cpus = cpus;
	ret->count = 0;
	ret->cover = (struct cover){.unit = "transition"};
	ret->since_ns = now_ns;
	return cover_begin(&ret->cover, SUMMARY_KINDS_MAX + 2);
}

void summary_close(struct summarizer *summarizer)
{
	free(summarizer->per_cpu);
	summarizer->per_cpu = NULL;
	cover_close(&summarizer->cover);
}

/* Adds the kinds that are new since the last call. Known kinds never disappear. */
static void find_new_kinds(struct summarizer *summarizer)
{
	struct summary_kind kind, *last = NULL;

	while (!map_next_key(summarizer->map_fd, last, &kind)) {
		size_t i = 0;

		while (i < summarizer->count && memcmp(&summarizer->kinds[i].kind, &kind, sizeof(kind)))
			i++;
		if (i == summarizer->count && i < SUMMARY_KINDS_MAX) {
			summarizer->kinds[i].kind = kind;
			memset(&summarizer->kinds[i].before, 0, sizeof(summarizer->kinds[i].before));
			summarizer->count++;
		}
		last = &kind;
	}
}

/* Reads the sum of all CPUs. Returns 0 or a negative errno. */
static int read_kind(struct summarizer *summarizer, const struct summary_kind *kind, struct summary *ret)
{
	int error = map_lookup(summarizer->map_fd, kind, summarizer->per_cpu);

	if (error)
		return error;
	memset(ret, 0, sizeof(*ret));
	for (int cpu = 0; cpu < summarizer->cpus; cpu++) {
		ret->unknown += summarizer->per_cpu[cpu].unknown;
		histogram_add(&ret->times, &summarizer->per_cpu[cpu].times);
	}
	return 0;
}

/* Reads the transitions since the last call. Returns 0 or a negative errno. */
static int take_kind(struct summarizer *summarizer, size_t i, struct summary_row *ret)
{
	struct summary *before = &summarizer->kinds[i].before, now;
	struct histogram times;
	int error = read_kind(summarizer, &summarizer->kinds[i].kind, &now);

	if (error)
		return error;
	ret->kind = summarizer->kinds[i].kind;
	ret->unknown = now.unknown - before->unknown;
	histogram_subtract(&now.times, &before->times, &times);
	histogram_statistics(&times, TICK_US, &ret->times);
	*before = now;
	return 0;
}

static void print_kind(struct printer *printer, const struct summary_interval *interval, const struct summary_row *row)
{
	struct strbuf *out = &printer->sink->buffer;

	switch (printer->options->format) {
	case OUTPUT_TEXT:
		summary_text(out, printer->options->time, interval, row, &printer->base);
		break;
	case OUTPUT_CSV:
		summary_csv(out, interval, row, &printer->base);
		break;
	case OUTPUT_JSON:
		summary_json(out, interval, row, &printer->base);
		if (printer->host)
			json_add_host(out, printer->host);
		break;
	}
	printer->sink->rows++;
}

static int by_states(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct summary_kind));
}

int summary_print(struct summarizer *summarizer, struct printer *printer, uint64_t now_ns)
{
	const struct summary_interval interval = {.end_ns = now_ns, .length_ns = now_ns - summarizer->since_ns};

	find_new_kinds(summarizer);
	/* by_states() compares `kind`, the first member */
	qsort(summarizer->kinds, summarizer->count, sizeof(summarizer->kinds[0]), by_states);
	summarizer->cover.count = 0;
	if (printer->options->format == OUTPUT_TEXT) {
		summary_text_header(&printer->sink->buffer, printer->options->time);
		cover_line(&summarizer->cover, 0);
	}
	for (size_t i = 0; i < summarizer->count; i++) {
		struct summary_row row;
		int error = take_kind(summarizer, i, &row);

		if (error)
			return error;
		if (!row.times.count && !row.unknown)
			continue;
		print_kind(printer, &interval, &row);
		cover_line(&summarizer->cover, row.times.count + row.unknown);
	}
	if (printer->options->format == OUTPUT_TEXT && printer->options->interval_ns) {
		strbuf_append_char(&printer->sink->buffer, '\n');
		cover_line(&summarizer->cover, 0);
	}
	summarizer->since_ns = now_ns;
	return 0;
}

int summary_drop(struct summarizer *summarizer)
{
	find_new_kinds(summarizer);
	for (size_t i = 0; i < summarizer->count; i++) {
		struct summary_row row;
		int error = take_kind(summarizer, i, &row);

		if (error)
			return error;
		summarizer->cover.dropped += row.times.count + row.unknown;
	}
	return 0;
}
