/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes histograms of round-trip times as text (as libbpf-tools' tcprtt), JSON Lines and CSV. */
#ifndef TCPVITALS_OUTPUT_RTT_H
#define TCPVITALS_OUTPUT_RTT_H

#include "core/rtt_report.h"
#include "core/strbuf.h"

#include <stdbool.h>

/*
 * Bytes of the longest report in any format. JSON has 400 slots of up to 45 bytes, and the key, or a short key and the
 * names. A sink has room for one report.
 */
#define RTT_TEXT_MAX 57344

/* Bytes of a key that are written, each up to six when escaped. The names of a cgroup and a network namespace fit. */
#define RTT_KEY_MAX 4400

/*
 * Writes a heading and the log2 table, byte for byte as libbpf-tools print them:
 * - The heading is "All Addresses = ****** ", "Local Address = ADDR " or "Remote Address = ADDR " for by "all", "laddr"
 *   or "raddr", else "BY = KEY ". When `extended`, "[AVG n]" follows, rounded down as theirs.
 * - The table is in usecs or msecs. Stars never overflow, whatever the counts.
 * - When `extended`, a line of statistics follows: count, mean, jitter, min, p50, p90, p99, p99.9, max with unit.
 *   Milliseconds have decimals, and are never floored.
 * - Without a sample there is only the heading, without "[AVG n]".
 *
 * In every format, jitter is left out (null, an empty field) if it was not collected.
 */
void rtt_text(struct strbuf *out, const struct rtt_report *report, bool extended);

/*
 * {"v":1,"type":"rtt",...} and a newline, in the schema of tcpvitals-json(5):
 * - mean, jitter, min, p50... are null when count is 0.
 * - "unit" is "us", or "ms" for TICK_MS1024. Values in "ms" have three decimals, which are exact; mean and jitter have
 *   up to six, and up to three in "us".
 * - "key" is null if it would be just "-". "other" and "unknown" distinguish those groups from processes of that name.
 * - Buckets are [low,high,count]. `high` is null for the last slot, which has no end.
 * - Names that were asked for: cgroup_id, cgroup, systemd_unit ("unit" has another meaning), container, pod; netns,
 *   netns_name.
 * - A connection has cookie and conn_seq. A connection bound to an interface has ifindex, and a link-local address has
 *   ifindex and zone.
 */
void rtt_json(struct strbuf *out, const struct rtt_report *report);

/*
 * TIMESTAMP,INTERVAL_S,BY,KEY,SAMPLE,HOOK,UNIT,COUNT,MEAN,JITTER,MIN,P50,P90,P99,P999,MAX,OTHER,UNKNOWN:
 * - Fields are empty when count is 0; KEY is empty where JSON has null.
 * - TIMESTAMP and the numbers are as in JSON. OTHER and UNKNOWN are 0 or 1.
 * - CGPATH,SYSTEMD_UNIT,CONTAINER,POD and NETNSNAME follow if they were asked for (NAMES_). CGPATH and NETNSNAME are
 *   numbers where there is no name.
 * - With --by conn, COOKIE,SEQ follow.
 */
void rtt_csv_header(struct strbuf *out, const char *by, unsigned int asked);
void rtt_csv(struct strbuf *out, const struct rtt_report *report);

#endif
