/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One histogram of round-trip times with its name, ready to be written in any format. */
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
	const char *key;    /* the group: untrusted text (a comm may be in it) */
	const char *sample; /* "srtt", "rtt", "min", "handshake" */
	const char *hook;   /* "tp_btf", "fentry", "kprobe" */
	enum tick tick;
	const struct histogram *histogram;
	bool jitter;               /* the mean deviations were collected */
	bool other;                /* `key` is no name of a group: what found no room among them */
	bool unknown;              /* nobody knows the group's owner, "-" in the key */
	const struct names *names; /* of the group, NULL when not asked for; text has them in the key */
	struct grouping_ids ids;   /* what it is, and what these names belong to; all zero for `other` */
};

#endif
