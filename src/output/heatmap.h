/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A latency heat map on a terminal, in the form that Brendan Gregg introduced. Time runs down, one line for each
 * interval. Latency runs across, on a logarithmic scale from 5 us to 10 s; values outside are in the first or last
 * column. Darker cells have more samples.
 */
#ifndef TCPVITALS_OUTPUT_HEATMAP_H
#define TCPVITALS_OUTPUT_HEATMAP_H

#include "core/histogram.h"
#include "core/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the longest scale or line. */
#define HEATMAP_TEXT_MAX 8192

struct heatmap {
	/*
	 * Columns of the terminal. A line has as many columns, within 20 to 534; below 40 there is no p99, below 30 no
	 * count. The width may change from line to line; print another scale after a change.
	 */
	uint32_t width;
	bool color; /* 256 colours, else ASCII shades */
	enum tick tick;
	uint32_t lines;   /* printed since the last scale */
	uint64_t fullest; /* most samples in one cell so far, the darkest; 0 at the start */
};

/* Writes two lines: the legend of the shades, and a ruler that has latencies above their columns. */
void heatmap_scale(struct heatmap *map, struct strbuf *out);

/*
 * Writes one interval: HH:MM:SS, the cells, and at the right the count and p99. The line first raises map->fullest. The
 * shade of a cell is the logarithm of its count, relative to the logarithm of map->fullest.
 */
void heatmap_line(struct heatmap *map, struct strbuf *out, const char time[8], const struct histogram *histogram);

#endif
