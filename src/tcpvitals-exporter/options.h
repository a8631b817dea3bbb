/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line of tcpvitals-exporter. */
#ifndef TCPVITALS_EXPORTER_OPTIONS_H
#define TCPVITALS_EXPORTER_OPTIONS_H

#include "app/options.h"
#include "core/labels.h"

#include <stdint.h>

#define ADDRESSES_MAX 8

/* The most series without --max-series: in the text formats, and with native histograms. */
#define SERIES_TEXT   450
#define SERIES_NATIVE 120

struct exporter_options {
	struct app_options app;
	struct labels labels;
	enum rtt_sample sample; /* RTT_SRTT or RTT_RTT: while connections are open */
	uint32_t max_groups;    /* groups that the kernel side tells apart */
	uint32_t max_series;    /* 0: SERIES_TEXT and SERIES_NATIVE */
	uint64_t stuck_ns;      /* least age of a stuck state */
	uint64_t walk_ns;       /* between two walks through all sockets */
	const char *addresses[ADDRESSES_MAX];
	size_t address_count;
	const char *web_config; /* path of a file, or NULL */
	const char *textfile;   /* the same */
	bool systemd_socket;    /* serve on the sockets that systemd has opened */
};

/* Parses the command line. An error ends the process. */
void exporter_options_parse(int argc, char **argv, struct exporter_options *ret);

/* Returns the number of groups that are shown one by one, so that --max-series is not exceeded as a rule. */
size_t exporter_places(const struct exporter_options *options);

#endif
