/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "peer_rtt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "require.h"

/* "All Addresses = ****** [AVG 812]", "Remote Address = 127.0.0.1 " */
static void begin_histogram(struct peer_histograms *histograms, const char *line)
{
	struct peer_histogram *histogram = &histograms->items[histograms->count];
	const char *average = strstr(line, "[AVG ");

	require(histograms->count < PEER_RTT_HISTOGRAMS, "too many histograms");
	histograms->count++;
	memset(histogram, 0, sizeof(*histogram));
	require(sscanf(strstr(line, "= "), "= %63s", histogram->key) == 1, "no address: %s", line);
	histogram->has_average = average;
	if (average)
		histogram->average = strtoull(average + strlen("[AVG "), NULL, 10);
}

/* "       512 -> 1023       : 49       |****    |" */
static void add_slot(struct peer_histograms *histograms, const char *line)
{
	struct peer_histogram *histogram = &histograms->items[histograms->count - 1];
	uint64_t low, high, count;
	unsigned int slot = 0;

	require(histograms->count && sscanf(line, "%" SCNu64 " -> %" SCNu64 " : %" SCNu64, &low, &high, &count) == 3,
		"not understood: %s", line);
	while (slot < PEER_RTT_SLOTS && 2ULL << slot <= high)
		slot++;
	require(slot < PEER_RTT_SLOTS && high == (2ULL << slot) - 1 && low == (slot ? 1ULL << slot : 0),
		"no power of two: %s", line);
	histogram->slots[slot] += count;
	histogram->count += count;
}

void peer_read_histograms(const struct peer *peer, struct peer_histograms *ret_histograms)
{
	FILE *file;
	char *text = NULL;
	size_t size = 0;

	require(!lseek(peer->output, 0, SEEK_SET), "cannot read the peer's histograms");
	file = fdopen(dup(peer->output), "r");
	require(file, "cannot read the peer's histograms");
	memset(ret_histograms, 0, sizeof(*ret_histograms));
	while (getline(&text, &size, file) > 0) {
		if (strstr(text, "Address"))
			begin_histogram(ret_histograms, text);
		else if (strstr(text, " -> "))
			add_slot(ret_histograms, text);
	}
	free(text);
	fclose(file);
}
