/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of tcprtt. */
#ifndef TCPVITALS_TCPRTT_OPTIONS_H
#define TCPVITALS_TCPRTT_OPTIONS_H

#include "abi/rtt.h"
#include "app/options.h"
#include "core/grouping.h"

#include <stdbool.h>
#include <stdint.h>

enum rtt_output {
	RTT_OUTPUT_TEXT,
	RTT_OUTPUT_CSV,
	RTT_OUTPUT_JSON,
	RTT_OUTPUT_HEATMAP
};
enum rtt_sort {
	RTT_SORT_P99,
	RTT_SORT_COUNT,
	RTT_SORT_MEAN
};
struct tcprtt_options {
	struct app_options app;
	enum rtt_sample sample;
	struct grouping grouping;
	uint32_t max_keys;
	uint32_t top; /* 0: all groups */
	enum rtt_sort sort;
	enum rtt_output output;
	bool milliseconds;
	bool extended;
	bool timestamp;
	uint64_t interval_ns; /* 0: one summary at the end */
};

/* Parses the command line. Ends the process for --help and --version (status 0), and for a wrong command line (2). */
void tcprtt_options_parse(int argc, char **argv, struct tcprtt_options *ret);

static inline bool tcprtt_is_grouped(const struct tcprtt_options *options)
{
	return options->grouping.by[0] != GROUP_BY_NOTHING;
}

static inline bool tcprtt_shows_means(const struct tcprtt_options *options)
{
	return options->extended || options->output == RTT_OUTPUT_JSON || options->output == RTT_OUTPUT_CSV;
}

/*
 * Returns whether sums for means are collected. Sums cost two more additions per sample, atomic ones where CPUs share a
 * histogram.
 */
static inline bool tcprtt_has_sums(const struct tcprtt_options *options)
{
	return tcprtt_shows_means(options) || options->sort == RTT_SORT_MEAN;
}

/* Returns whether the owner of a connection decides its group, or whether the connection is measured. */
static inline bool tcprtt_uses_owner(const struct tcprtt_options *options)
{
	return grouping_is_by_owner(&options->grouping) || options->app.scope.settings.by_owner;
}

/* Returns whether samples come from segments, or from state changes. */
static inline bool tcprtt_samples_segments(const struct tcprtt_options *options)
{
	return options->sample == RTT_SRTT || options->sample == RTT_RTT;
}

#endif
