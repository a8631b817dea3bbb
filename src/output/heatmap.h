/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A latency heat map on a terminal, as Brendan Gregg's taught people to read: time runs down (a line per interval),
 * latency across on a logarithmic scale from 5 us to 10 s (what is outside is in the first or last column), the darker
 * the more samples.
 */
#ifndef TCPVITALS_OUTPUT_HEATMAP_H
#define TCPVITALS_OUTPUT_HEATMAP_H

#include "core/histogram.h"
#include "core/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* No scale or line is longer than this, in bytes. */
#define HEATMAP_TEXT_MAX 8192

struct heatmap {
	/*
	 * Columns of the terminal: lines are just as long, from 20 to 534. There is no p99 in less than 40, and no
	 * count in less than 30. May change from line to line; then it takes another scale.
	 */
	uint32_t width;
	bool color; /* 256 colours, else ASCII shades */
	enum tick tick;
	uint32_t lines; /* printed since the last scale */
	uint64_t most;  /* samples in one cell so far: the darkest; zero it at the start */
};

/* Two lines: what the shades mean, and a ruler of latencies with units above the columns that hold them. */
void heatmap_scale(struct heatmap *map, struct strbuf *out);

/*
 * One interval: HH:MM:SS, the cells, the count and p99 at the right. A cell's shade is the logarithm of its count
 * relative to that of map->most, which is raised first.
 */
void heatmap_line(struct heatmap *map, struct strbuf *out, const char time[8], const struct histogram *histogram);

#endif
