/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A histogram of round-trip times with the name of its group, ready for any output format. */
#ifndef TCPVITALS_CORE_RTT_REPORT_H
#define TCPVITALS_CORE_RTT_REPORT_H

#include "core/grouping.h"
#include "core/histogram.h"
#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

struct rtt_report {
	uint64_t time_realtime_ns; /* end of the interval, since the epoch */
	double interval_s;
	const char *by;     /* "all", "raddr", "laddr,rport", ...: never needs escaping */
	const char *key;    /* name of the group: untrusted text, which may have a comm in it */
	const char *sample; /* "srtt", "rtt", "min", "handshake" */
	const char *hook;   /* "tp_btf", "fentry", "kprobe" */
	enum tick tick;
	const struct histogram *histogram;
	bool jitter;               /* the mean deviations were collected */
	bool other;                /* samples that found no room among the groups; `key` is no name */
	bool unknown;              /* the group's owner is unknown: "-" in the key */
	const struct names *names; /* of the group; NULL when not asked for. Text has them in the key */
	struct grouping_ids ids;   /* the numbers that these names belong to; all zero for `other` */
};

#endif
