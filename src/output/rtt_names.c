/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/rtt_names.h"

#include "core/escape.h"
#include "output/json.h"

#include <string.h>

static void json_id(struct strbuf *out, const char *key, uint64_t id)
{
	strbuf_append_string(out, key);
	if (id)
		strbuf_append_u64(out, id);
	else
		strbuf_append_literal(out, "null");
}

static void json_names(struct strbuf *out, const struct rtt_report *report)
{
	const struct names *names = report->names;

	if (names->asked & NAMES_CGROUP) {
		json_id(out, ",\"cgroup_id\":", report->ids.cgroup_id);
		json_name(out, "cgroup", names->cgroup);
		json_name(out, "systemd_unit", names->unit);
		json_name(out, "container", names->container);
		json_name(out, "pod", names->pod);
	}
	if (names->asked & NAMES_NETNS) {
		json_id(out, ",\"netns\":", report->ids.netns);
		json_name(out, "netns_name", names->netns);
	}
}

/* Writes the members that distinguish the group from its namesakes. */
static void json_socket(struct strbuf *out, const struct rtt_report *report)
{
	const struct grouping_ids *ids = &report->ids;
	bool has_zone = ids->has_zone && ids->ifindex && report->names;

	if (ids->is_conn) {
		json_id(out, ",\"cookie\":", ids->cookie);
		strbuf_append_literal(out, ",\"conn_seq\":");
		if (ids->conn_seq == CONN_SEQ_UNKNOWN)
			strbuf_append_literal(out, "null");
		else
			strbuf_append_u64(out, ids->conn_seq);
	}
	if (ids->ifindex || ids->has_zone)
		json_id(out, ",\"ifindex\":", ids->ifindex);
	if (ids->has_zone)
		json_name(out, "zone", has_zone ? report->names->zone : (struct name){});
}

void rtt_names_json(struct strbuf *out, const struct rtt_report *report)
{
	if (report->names)
		json_names(out, report);
	json_socket(out, report);
}

static bool is_by_conn(const char *by)
{
	return !strcmp(by, "conn");
}

void rtt_names_csv_header(struct strbuf *out, const char *by, unsigned int asked)
{
	if (asked & NAMES_CGROUP)
		strbuf_append_literal(out, ",CGPATH,SYSTEMD_UNIT,CONTAINER,POD");
	if (asked & NAMES_NETNS)
		strbuf_append_literal(out, ",NETNSNAME");
	if (is_by_conn(by))
		strbuf_append_literal(out, ",COOKIE,SEQ");
}

/* Writes the name, else the number, else an empty field. */
static void csv_name(struct strbuf *out, struct name name, uint64_t number)
{
	strbuf_append_char(out, ',');
	if (name.bytes)
		escape_csv(out, name.bytes, name.length);
	else if (number)
		strbuf_append_u64(out, number);
}

static void csv_names(struct strbuf *out, const struct rtt_report *report)
{
	const struct names *names = report->names;

	if (names->asked & NAMES_CGROUP) {
		csv_name(out, names->cgroup, report->ids.cgroup_id);
		csv_name(out, names->unit, 0);
		csv_name(out, names->container, 0);
		csv_name(out, names->pod, 0);
	}
	if (names->asked & NAMES_NETNS)
		csv_name(out, names->netns, report->ids.netns);
}

static void csv_connection(struct strbuf *out, const struct grouping_ids *ids)
{
	strbuf_append_char(out, ',');
	if (ids->cookie)
		strbuf_append_u64(out, ids->cookie);
	strbuf_append_char(out, ',');
	if (ids->is_conn && ids->conn_seq != CONN_SEQ_UNKNOWN)
		strbuf_append_u64(out, ids->conn_seq);
}

void rtt_names_csv(struct strbuf *out, const struct rtt_report *report)
{
	if (report->names)
		csv_names(out, report);
	if (is_by_conn(report->by))
		csv_connection(out, &report->ids);
}
