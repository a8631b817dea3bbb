/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Histograms of round-trip times as text (libbpf-tools' tcprtt), JSON Lines and CSV. */
#ifndef TCPVITALS_OUTPUT_RTT_H
#define TCPVITALS_OUTPUT_RTT_H

#include "core/rtt_report.h"
#include "core/strbuf.h"

#include <stdbool.h>

/*
 * No report is longer than this in any format: 400 slots of up to 45 bytes in JSON, and the key, or a short key and the
 * names. A sink has room for it.
 */
#define RTT_TEXT_MAX 57344

/* Bytes of a key that are written, enough for the names of a cgroup and a network namespace: escaped, each may take
 * six. */
#define RTT_KEY_MAX 4400

/*
 * The heading line and the log2 table, byte for byte as libbpf-tools prints them: "All Addresses = ****** ", "Local
 * Address = ADDR ", "Remote Address = ADDR " for by "all", "laddr", "raddr", else "BY = KEY "; then "[AVG n]" when
 * `extended` (rounded down, as theirs); then the table in usecs or msecs. When `extended`, a line of statistics follows
 * (count, mean, jitter, min, p50, p90, p99, p99.9, max with unit; milliseconds with decimals, never floored). Without a
 * sample: the heading only, without "[AVG n]". Stars never overflow, whatever the counts.
 *
 * In every format, jitter is left out (null, an empty field) where it was not collected.
 */
void rtt_text(struct strbuf *out, const struct rtt_report *report, bool extended);

/*
 * {"v":1,"type":"rtt",...} and a newline, DESIGN's schema; mean, jitter, min, p50... are null when count is 0. `unit`
 * is "us", or "ms" with decimals for TICK_MS1024: three, which are exact, but up to six for mean and jitter (three in
 * "us"). `key` is null where only "-" would be in it; "other" and "unknown" tell those groups from processes that are
 * called so. Buckets are [low,high,count]; `high` is null for the last slot, which has no end. With names that
 * were asked for: cgroup_id, cgroup, systemd_unit ("unit" is another), container, pod; netns, netns_name. A connection
 * has cookie and conn_seq, what is bound to an interface ifindex, and a link-local address ifindex and zone.
 */
void rtt_json(struct strbuf *out, const struct rtt_report *report);

/*
 * TIMESTAMP,INTERVAL_S,BY,KEY,SAMPLE,HOOK,UNIT,COUNT,MEAN,JITTER,MIN,P50,P90,P99,P999,MAX,OTHER,UNKNOWN: empty fields
 * when count is 0, and for a key that JSON has as null. TIMESTAMP and the numbers are written as in JSON; OTHER and
 * UNKNOWN are 0 or 1. With names: CGPATH,SYSTEMD_UNIT,CONTAINER,POD,NETNSNAME, those of them that were asked for
 * (NAMES_), where CGPATH and NETNSNAME are the number of what has no name. With --by conn: COOKIE,SEQ.
 */
void rtt_csv_header(struct strbuf *out, const char *by, unsigned int asked);
void rtt_csv(struct strbuf *out, const struct rtt_report *report);

#endif
