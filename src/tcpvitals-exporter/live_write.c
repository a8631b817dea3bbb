/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The events of the live page as text. page/page.js reads them. */
#include "core/cause.h"
#include "core/escape.h"
#include "core/role.h"
#include "core/tcp_state.h"
#include "core/zone.h"
#include "tcpvitals-exporter/live.h"
#include "tcpvitals-exporter/write.h"

#include <string.h>

/* Appends a separator unless it is the first of a list. */
static void next(struct strbuf *out)
{
	char last = out->length ? out->data[out->length - 1] : 0;

	if (last != '{' && last != '[' && last != ':')
		strbuf_append_char(out, ',');
}

static void write_key(struct strbuf *out, const char *key)
{
	next(out);
	strbuf_append_char(out, '"');
	strbuf_append_string(out, key);
	strbuf_append_literal(out, "\":");
}

static void write_number(struct strbuf *out, const char *key, uint64_t value)
{
	write_key(out, key);
	strbuf_append_u64(out, value);
}

static void write_text(struct strbuf *out, const char *key, const char *text, size_t length)
{
	write_key(out, key);
	strbuf_append_char(out, '"');
	escape_json(out, text, length);
	strbuf_append_char(out, '"');
}

static void write_row(struct strbuf *out, const struct live_row *row)
{
	next(out);
	strbuf_append_char(out, '{');
	write_number(out, "from", row->from_ms);
	write_number(out, "to", row->to_ms);
	write_key(out, "slots");
	strbuf_append_char(out, '[');
	for (size_t slot = 0; slot < TIME_SLOTS; slot++) {
		if (!row->slots[slot])
			continue;
		next(out);
		strbuf_append_char(out, '[');
		strbuf_append_u64(out, slot);
		strbuf_append_char(out, ',');
		strbuf_append_u64(out, row->slots[slot]);
		strbuf_append_char(out, ']');
	}
	strbuf_append_literal(out, "]}");
}

void live_write_history(const struct live *live, struct strbuf *out)
{
	size_t first = live->row_count > LIVE_ROWS ? live->row_count - LIVE_ROWS : 0;

	strbuf_append_literal(out, "event: history\ndata: [");
	for (size_t i = first; i < live->row_count; i++)
		write_row(out, &live->rows[i % LIVE_ROWS]);
	strbuf_append_literal(out, "]\n\n");
}

/* Writes what has happened since the last event, and in all. */
static void write_change(struct strbuf *out, const char *key, uint64_t before, uint64_t now)
{
	if (!now)
		return;
	write_key(out, key);
	strbuf_append_char(out, '[');
	strbuf_append_u64(out, now - before);
	strbuf_append_char(out, ',');
	strbuf_append_u64(out, now);
	strbuf_append_char(out, ']');
}

static uint64_t closed_by(const struct group_metrics *metrics, enum cause cause)
{
	uint64_t closed = 0;

	for (enum connection_role role = 0; role < ROLES; role++)
		closed += metrics->closed[role][cause];
	return closed;
}

static void write_changes(struct strbuf *out, const struct group_metrics *before, const struct group_metrics *now)
{
	write_key(out, "opened");
	strbuf_append_char(out, '{');
	for (enum connection_role role = ROLE_CLIENT; role < ROLES; role++)
		write_change(out, role_name(role), before->opened[role], now->opened[role]);
	strbuf_append_char(out, '}');
	write_key(out, "closed");
	strbuf_append_char(out, '{');
	for (enum cause cause = CAUSE_UNKNOWN; cause < CAUSES; cause++)
		write_change(out, cause_name(cause), closed_by(before, cause), closed_by(now, cause));
	strbuf_append_char(out, '}');
}

static void write_sockets(struct strbuf *out, const struct collect *collect)
{
	write_key(out, "sockets");
	strbuf_append_char(out, '{');
	for (uint8_t state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (state != STATE_CLOSE)
			write_number(out, tcp_state_name(state), collect_sockets(collect, state));
	}
	strbuf_append_char(out, '}');
}

static void write_listener(struct strbuf *out, const struct port_reading *port)
{
	next(out);
	strbuf_append_char(out, '{');
	write_number(out, "port", port->port);
	write_number(out, "backlog", port->now.backlog);
	write_number(out, "highest", port_highest(port));
	write_number(out, "limit", port->now.limit);
	write_number(out, "drops", port->now.drops);
	strbuf_append_char(out, '}');
}

/* Ports with series of their own come first. */
static void write_listeners(struct strbuf *out, const struct ports *ports)
{
	size_t left = VIEW_SHOWN;

	write_key(out, "listeners");
	strbuf_append_char(out, '[');
	for (int shown = 1; shown >= 0; shown--) {
		for (size_t i = 0; i < PORT_LISTENERS_MAX && left; i++) {
			if (!port_listens(ports, i) || series_is_shown(&ports->series, i) != shown)
				continue;
			write_listener(out, &ports->readings[i]);
			left--;
		}
	}
	strbuf_append_char(out, ']');
}

static void write_losses(struct strbuf *out, const struct collect *collect)
{
	struct collect_loss losses[COLLECT_LOSSES];

	collect_losses(collect, losses);
	write_key(out, "lost");
	strbuf_append_char(out, '{');
	for (size_t i = 0; i < COLLECT_LOSSES; i++)
		write_number(out, losses[i].place, losses[i].count);
	strbuf_append_char(out, '}');
}

static void write_address(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex,
			  struct resolver *resolver, uint32_t netns)
{
	const struct names *names = NULL;

	if (ifindex && zone_applies(ip_version, bytes)) {
		resolver_find(resolver, 0, netns, 0);
		names = resolver_zone(resolver, netns, ifindex);
	}
	zone_format_address(out, ip_version, bytes, ifindex, names ? names->zone : (struct name){});
}

static void write_peers(struct strbuf *out, const struct live *live)
{
	write_key(out, "peers");
	strbuf_append_char(out, '[');
	for (size_t i = 0; i < live->view.peer_count; i++) {
		const struct view_peer *peer = &live->view.peers[i];

		next(out);
		strbuf_append_char(out, '{');
		write_key(out, "address");
		strbuf_append_char(out, '"');
		write_address(out, peer->ip_version, peer->address, peer->ifindex, live->resolver, peer->netns);
		strbuf_append_char(out, '"');
		write_number(out, "connections", peer->connections);
		write_number(out, "rtt_us", peer->rtt_sum_us / peer->connections);
		strbuf_append_char(out, '}');
	}
	strbuf_append_char(out, ']');
}

/* A process outside of the pid namespace that is shown has a name, but no number. */
static void write_process(struct strbuf *out, bool known, uint32_t pid, const char comm[OWNER_COMM_LEN])
{
	if (known)
		write_text(out, "comm", comm, escape_field_length(comm, OWNER_COMM_LEN));
	if (known && !(pid & OWNER_PID_OUTSIDE))
		write_number(out, "pid", pid);
}

static void write_retransmissions(struct strbuf *out, const struct view *view)
{
	write_key(out, "retransmissions");
	strbuf_append_char(out, '[');
	for (size_t i = 0; i < view->process_count; i++) {
		const struct view_process *process = &view->processes[i];

		next(out);
		strbuf_append_char(out, '{');
		write_process(out, process->is_known, process->pid, process->comm);
		write_number(out, "segments", process->segments);
		strbuf_append_char(out, '}');
	}
	strbuf_append_char(out, ']');
}

static void write_endpoint(struct strbuf *out, const char *key, const struct transition *socket,
			   const uint8_t bytes[16], uint16_t port, struct resolver *resolver)
{
	write_key(out, key);
	strbuf_append_string(out, socket->ip_version == 6 ? "\"[" : "\"");
	write_address(out, socket->ip_version, bytes, socket->ifindex, resolver, socket->netns);
	strbuf_append_string(out, socket->ip_version == 6 ? "]:" : ":");
	strbuf_append_u64(out, port);
	strbuf_append_char(out, '"');
}

static void write_stuck(struct strbuf *out, const struct live *live)
{
	write_key(out, "stuck");
	strbuf_append_char(out, '[');
	for (size_t i = 0; i < live->view.stuck_count; i++) {
		const struct transition *socket = &live->view.stuck[i].end;

		next(out);
		strbuf_append_char(out, '{');
		write_text(out, "state", tcp_state_name(socket->newstate), strlen(tcp_state_name(socket->newstate)));
		write_number(out, "for_ns", socket->duration_ns);
		write_number(out, "at_least", socket->flags & TRANSITION_AT_LEAST ? 1 : 0);
		write_process(out, socket->owner.source != OWNER_UNKNOWN, socket->owner.pid, socket->owner.comm);
		write_endpoint(out, "local", socket, socket->laddr, socket->lport, live->resolver);
		write_endpoint(out, "remote", socket, socket->raddr, socket->rport, live->resolver);
		strbuf_append_char(out, '}');
	}
	strbuf_append_char(out, ']');
}

void live_write_tick(struct live *live, struct strbuf *out)
{
	const struct live_row *row = &live->rows[(live->row_count - 1) % LIVE_ROWS];
	uint64_t ms = row->to_ms - row->from_ms;

	strbuf_append_literal(out, "event: tick\ndata: {");
	write_text(out, "host", live->host, strlen(live->host));
	write_key(out, "seconds");
	strbuf_append_u64(out, ms / 1000);
	strbuf_append_char(out, '.');
	strbuf_append_u64_digits(out, ms % 1000, 3);
	write_key(out, "rtt");
	write_row(out, row);
	write_sockets(out, live->collect);
	write_changes(out, &live->before, &live->collect->total);
	write_listeners(out, &live->collect->ports);
	write_losses(out, live->collect);
	if (live->has_view) {
		write_peers(out, live);
		write_retransmissions(out, &live->view);
		write_stuck(out, live);
	}
	strbuf_append_literal(out, "}\n\n");
}
