/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "scope_filters.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "require.h"
#include "run.h"
#include "scope_traffic.h"

static bool is_own_server(const struct row *row)
{
	uint16_t port = row->change.tuple.lport;

	return port == scope_traffic.port_v4 || port == scope_traffic.port_v6 || port == scope_traffic.port_apart;
}

static bool negated(const struct scope_filter *filter)
{
	return filter->value[0] == '!';
}

static bool admits_v4(const struct row *row, const struct scope_filter *filter)
{
	(void)filter;
	return row->change.tuple.ip_version == 4;
}

static bool admits_v6(const struct row *row, const struct scope_filter *filter)
{
	(void)filter;
	return row->change.tuple.ip_version == 6;
}

static bool admits_lport(const struct row *row, const struct scope_filter *filter)
{
	return (row->change.tuple.lport == filter->number) != negated(filter);
}

static bool admits_rport(const struct row *row, const struct scope_filter *filter)
{
	return (row->change.tuple.rport == filter->number) != negated(filter);
}

/* 127.0.0.1 and ::1 are what there is; a listener has no remote one. */
static bool admits_laddr(const struct row *row, const struct scope_filter *filter)
{
	return (row->change.tuple.ip_version == filter->number) != negated(filter);
}

static bool admits_raddr(const struct row *row, const struct scope_filter *filter)
{
	bool has = row->change.tuple.rport && row->change.tuple.ip_version == filter->number;

	return has != negated(filter);
}

static bool admits_pid(const struct row *row, const struct scope_filter *filter)
{
	return (row->pid > 0 && (uint64_t)row->pid == filter->number) != negated(filter);
}

static bool admits_comm(const struct row *row, const struct scope_filter *filter)
{
	return (row->has_comm && !fnmatch(filter->text, row->comm, 0)) != negated(filter);
}

static bool admits_cgroup(const struct row *row, const struct scope_filter *filter)
{
	bool in = row->cgroup_id && (row->cgroup_id == filter->number || row->cgroup_id == filter->other);

	return in != negated(filter);
}

static bool admits_netns(const struct row *row, const struct scope_filter *filter)
{
	return (row->netns == filter->number) != negated(filter);
}

static bool admits_user(const struct row *row, const struct scope_filter *filter)
{
	return (row->uid == (int64_t)filter->number) != negated(filter);
}

static bool admits_role(const struct row *row, const struct scope_filter *filter)
{
	return (is_own_server(row) == !!filter->number) != negated(filter);
}

static bool touches(const struct row *row, const struct scope_filter *filter)
{
	char list[320];
	bool found = false;

	snprintf(list, sizeof(list), "%s", filter->value + negated(filter));
	for (char *save, *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save))
		found |= row->change.oldstate == state_number(word) || row->change.newstate == state_number(word);
	return found != negated(filter);
}

static bool held_long(const struct row *row, const struct scope_filter *filter)
{
	return row->has_duration && row->duration_us >= (double)filter->number;
}

/*
 * Two tools' programs look at the clock one after the other; a guest that stands still between them was seen to make a
 * duration 5 ms longer for one of them. A connection that the test holds lasts far longer.
 */
static bool held_about_so_long(const struct row *row, const struct scope_filter *filter)
{
	return row->has_duration && row->duration_us >= (double)filter->number * 1 / 2 &&
	       row->duration_us <= (double)filter->number * 3 / 2;
}

static bool has_cause(const struct row *row, const struct scope_filter *filter)
{
	return row->cause[0] && !fnmatch(filter->text, row->cause, 0) != negated(filter);
}

__attribute__((format(printf, 4, 5))) static struct scope_filter *
add(struct scope_filters *filters, const char *option, bool (*admits)(const struct row *, const struct scope_filter *),
    const char *format, ...)
{
	struct scope_filter *filter = &filters->items[filters->count++];
	va_list arguments;

	require(filters->count <= SCOPE_FILTERS_MAX, "too many filters");
	*filter = (struct scope_filter){.option = option, .admits = admits};
	va_start(arguments, format);
	vsnprintf(filter->value, sizeof(filter->value), format, arguments);
	va_end(arguments);
	filter->text = filter->value + negated(filter);
	return filter;
}

/* A filter and its negation; in a guest one of the two, alternately. */
static void add_both(struct scope_filters *filters, const char *option,
		     bool (*admits)(const struct row *, const struct scope_filter *), uint64_t number, uint64_t other,
		     const char *value)
{
	size_t turn = filters->count % 2;

	for (size_t i = 0; i < 2; i++) {
		struct scope_filter *filter;

		if (is_guest() && i != turn)
			continue;
		filter = add(filters, option, admits, "%s%s", i ? "!" : "", value);
		filter->number = number;
		filter->other = other;
	}
}

static const char *decimal(uint64_t number)
{
	static char text[8][24];
	static unsigned int next;

	next = (next + 1) % 8;
	snprintf(text[next], sizeof(text[next]), "%" PRIu64, number);
	return text[next];
}

void scope_add_socket_filters(struct scope_filters *filters)
{
	add(filters, "-4", admits_v4, "%s", "");
	add(filters, "-6", admits_v6, "%s", "");
	add_both(filters, "--localport", admits_lport, scope_traffic.port_v4, 0, decimal(scope_traffic.port_v4));
	add_both(filters, "--rport", admits_rport, scope_traffic.port_v6, 0, decimal(scope_traffic.port_v6));
	add_both(filters, "--laddr", admits_laddr, 4, 0, "127.0.0.0/8");
	add_both(filters, "--raddr", admits_raddr, 6, 0, "::1");
	add_both(filters, "--raddr", admits_raddr, 4, 0, "::ffff:127.0.0.1,127.99.0.0/16");
	add_both(filters, "--netns", admits_netns, scope_traffic.apart_netns, 0,
		 decimal((uint64_t)scope_traffic.apart.pid));
	add_both(filters, "--netns", admits_netns, own_netns(), 0, decimal(own_netns()));
	add_both(filters, "--user", admits_user, STRANGER, 0, decimal(STRANGER));
	add_both(filters, "--user", admits_user, 0, 0, "0");
}

void scope_add_process_filters(struct scope_filters *filters)
{
	add_both(filters, "--pid", admits_pid, (uint64_t)scope_traffic.alpha.pid, 0,
		 decimal((uint64_t)scope_traffic.alpha.pid));
	add_both(filters, "--pid", admits_pid, (uint64_t)scope_traffic.server.pid, 0,
		 decimal((uint64_t)scope_traffic.server.pid));
	add_both(filters, "--pid", admits_pid, (uint64_t)scope_traffic.worker.pid, 0,
		 decimal((uint64_t)scope_traffic.worker.pid));
	add_both(filters, "--comm", admits_comm, 0, 0, "tv-*");
	add_both(filters, "--comm", admits_comm, 0, 0, "*[ek]r");
}

void scope_add_cgroup_filters(struct scope_filters *filters)
{
	char name[64];

	add_both(filters, "--cgroup", admits_cgroup, scope_traffic.outer.id, scope_traffic.inner.id,
		 scope_traffic.outer.path);
	snprintf(name, sizeof(name), CONTAINER_PREFIX, getpid());
	add_both(filters, "--cgroup", admits_cgroup, scope_traffic.inner.id, 0, name);
	/* a unit's name, with and without its end, and a path from the mount point */
	add_both(filters, "--cgroup", admits_cgroup, scope_traffic.service.id, 0, scope_traffic.service.name);
	snprintf(name, sizeof(name), "tcpvitals-test-%d-service", getpid());
	add_both(filters, "--cgroup", admits_cgroup, scope_traffic.service.id, 0, name);
	snprintf(name, sizeof(name), "/tcpvitals-test-%d-outer.slice", getpid());
	add_both(filters, "--cgroup", admits_cgroup, scope_traffic.outer.id, scope_traffic.inner.id, name);
}

void scope_add_row_filters(struct scope_filters *filters)
{
	struct scope_filter *filter;

	add_both(filters, "--state", touches, 0, 0, "SYN_SENT");
	add_both(filters, "--state", touches, 0, 0, "CLOSE_WAIT,LISTEN");
	filter = add(filters, "--min-duration", held_long, "%s", decimal(HELD_MS / 2));
	strcat(filter->value, "ms");
	filter->number = HELD_MS / 2 * 1000;
	filter->is_close = held_about_so_long;
	add_both(filters, "--role", admits_role, 1, 0, "server");
	add_both(filters, "--role", admits_role, 0, 0, "client");
}

void scope_add_cause_filters(struct scope_filters *filters)
{
	add_both(filters, "--cause", has_cause, 0, 0, "refused");
	add_both(filters, "--cause", has_cause, 0, 0, "*-[rw]*");
}
