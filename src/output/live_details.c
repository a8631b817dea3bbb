/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_details.h"

#include "core/address.h"
#include "core/cause.h"
#include "core/connection.h"
#include "core/human.h"
#include "core/owner.h"
#include "core/tcp_state.h"

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL

/* Cells of the label in front of a line. */
#define LABEL_WIDTH 11

/* Where a line is written, and the connection that it is about. */
struct pen {
	struct picture *picture;
	size_t line, left; /* the next line, and the number of lines that are left */
	const struct connection *connection;
};

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

/* Begins the next line. Returns false without room. */
static bool begin(struct pen *pen, const char *label)
{
	if (!pen->left)
		return false;
	pen->left--;
	picture_add_string(pen->picture, pen->line, STYLE_STRONG, label);
	picture_pad(pen->picture, pen->line, LABEL_WIDTH);
	return true;
}

static void say(const struct pen *pen, const char *text)
{
	picture_add_string(pen->picture, pen->line, STYLE_PLAIN, text);
}

static void say_styled(const struct pen *pen, enum picture_style style, const char *text)
{
	picture_add_string(pen->picture, pen->line, style, text);
}

/* A number, or "-" for an unknown one, with what it counts. */
static void say_number(const struct pen *pen, bool is_known, uint64_t value, const char *what)
{
	char text[20];
	struct strbuf out = strbuf_over(text, sizeof(text));

	if (is_known)
		strbuf_append_u64(&out, value);
	else
		strbuf_append_char(&out, '-');
	picture_add(pen->picture, pen->line, is_known && value ? STYLE_PLAIN : STYLE_FAINT, text, out.length);
	say(pen, what);
}

static void say_bytes(const struct pen *pen, uint64_t bytes, const char *what)
{
	char text[HUMAN_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));

	human_bytes(&out, bytes);
	picture_add(pen->picture, pen->line, bytes ? STYLE_PLAIN : STYLE_FAINT, text, out.length);
	say(pen, what);
}

static void say_time(const struct pen *pen, bool is_known, uint64_t ns, const char *what)
{
	char text[HUMAN_MAX];
	struct strbuf out = strbuf_over(text, sizeof(text));

	if (is_known)
		human_duration(&out, ns);
	else
		strbuf_append_char(&out, '-');
	picture_add(pen->picture, pen->line, is_known ? STYLE_PLAIN : STYLE_FAINT, text, out.length);
	say(pen, what);
}

static void end_line(struct pen *pen)
{
	pen->line++;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void say_address(const struct pen *pen, const uint8_t address[16], uint16_t port)
{
	char text[ADDRESS_TEXT_MAX + 8];
	struct strbuf out = strbuf_over(text, sizeof(text));
	bool brackets = pen->connection->end.ip_version == 6;

	strbuf_append_string(&out, brackets ? "[" : "");
	address_format(&out, pen->connection->end.ip_version, address);
	strbuf_append_string(&out, brackets ? "]:" : ":");
	strbuf_append_u64(&out, port);
	picture_add(pen->picture, pen->line, STYLE_HEADING, text, out.length);
}

static void draw_title(struct pen *pen)
{
	const struct transition *end = &pen->connection->end;
	uint8_t role = pen->connection->life.role;

	if (!pen->left)
		return;
	pen->left--;
	if (end->owner.source == OWNER_UNKNOWN)
		say_styled(pen, STYLE_HEADING, "-");
	else
		picture_add_name(pen->picture, pen->line, STYLE_HEADING, end->owner.comm,
				 strnlen(end->owner.comm, sizeof(end->owner.comm)), OWNER_COMM_LEN);
	say_styled(pen, STYLE_HEADING, "  ");
	say_address(pen, end->laddr, end->lport);
	say_styled(pen, STYLE_HEADING, role == ROLE_CLIENT ? " -> " : role == ROLE_SERVER ? " <- " : " - ");
	say_address(pen, end->raddr, end->rport);
	say_styled(pen, STYLE_HEADING, " ");
	picture_pad(pen->picture, pen->line, pen->picture->width);
	end_line(pen);
}

static void draw_owner(struct pen *pen)
{
	static const char *const roles[ROLES] = {"role unknown", "client", "server"};
	const struct transition *end = &pen->connection->end;
	char source[32];

	if (!begin(pen, "owner"))
		return;
	*owner_source_append(source, end->owner.source) = '\0';
	say(pen, "pid ");
	say_number(pen, owner_has_pid(&end->owner), end->owner.pid, " (");
	say(pen, source);
	say(pen, "), uid ");
	say_number(pen, end->uid != UID_UNKNOWN, end->uid, ", netns ");
	say_number(pen, end->netns, end->netns, ", ");
	say(pen, roles[pen->connection->life.role < ROLES ? pen->connection->life.role : ROLE_UNKNOWN]);
	end_line(pen);
}

/* The cells of a bar that a state gets: its part of the time, and one at least. */
static size_t cells_of(uint64_t ns, uint64_t total_ns, size_t width)
{
	size_t cells = (size_t)((unsigned __int128)ns * width / total_ns);

	return cells ? cells : 1;
}

/* The states so far, one after the other, in the order in which a connection has them. */
static void draw_states(struct pen *pen, bool is_open)
{
	static const uint8_t order[] = {STATE_SYN_SENT,  STATE_SYN_RECV, STATE_ESTABLISHED, STATE_FIN_WAIT1,
					STATE_FIN_WAIT2, STATE_CLOSING,  STATE_CLOSE_WAIT,  STATE_LAST_ACK};
	static const enum picture_style styles[] = {STYLE_NOTICE, STYLE_NOTICE, STYLE_GOOD, STYLE_NOTICE,
						    STYLE_NOTICE, STYLE_NOTICE, STYLE_BAD,  STYLE_NOTICE};
	static const char marks[] = "ssE112cCL";
	const struct life *life = &pen->connection->life;
	size_t width = pen->picture->width > LABEL_WIDTH + 20 ? pen->picture->width - LABEL_WIDTH - 10 : 10;
	uint64_t total_ns = 0;

	for (size_t i = 0; i < CONNECTION_STATES; i++)
		total_ns += life->in_state_ns[i];
	if (!begin(pen, "states"))
		return;
	for (size_t i = 0; total_ns && i < sizeof(order); i++) {
		uint64_t ns = life->in_state_ns[order[i]];

		for (size_t cells = ns ? cells_of(ns, total_ns, width) : 0; cells; cells--)
			picture_add(pen->picture, pen->line, styles[i], &marks[i], 1);
	}
	say(pen, total_ns ? (is_open ? ">" : "|") : "-");
	end_line(pen);
	if (!begin(pen, ""))
		return;
	for (size_t i = 0; i < sizeof(order); i++) {
		if (!life->in_state_ns[order[i]])
			continue;
		picture_add(pen->picture, pen->line, styles[i], &marks[i], 1);
		say(pen, " ");
		say(pen, tcp_state_name(order[i]));
		say(pen, " ");
		say_time(pen, true, life->in_state_ns[order[i]], "  ");
	}
	if (!is_open)
		say(pen,
		    cause_name(cause_of_connection(pen->connection->end.cause, pen->connection->end.oldstate)) ?: "-");
	end_line(pen);
}

static void draw_limits(struct pen *pen)
{
	const struct connection *connection = pen->connection;
	const char *limit = limit_name(connection_limit(connection, 0));
	uint64_t idle_ns = 0;
	bool is_known = connection_idle_ns(connection, 0, &idle_ns);

	if (!begin(pen, "limited by"))
		return;
	say_styled(pen, limit ? STYLE_NOTICE : STYLE_FAINT, limit ? limit : "-");
	say(pen, "; idle ");
	say_time(pen, is_known, idle_ns, ", busy ");
	say_time(pen, true, connection_busy_ns(connection), " (window ");
	say_time(pen, true, connection->chrono_ns[CHRONO_RWND], ", buffer ");
	say_time(pen, true, connection->chrono_ns[CHRONO_SEND_BUFFER], ")");
	end_line(pen);
}

static void draw_bytes(struct pen *pen)
{
	const struct connection *connection = pen->connection;

	if (!begin(pen, "bytes"))
		return;
	say_bytes(pen, connection->bytes_received, " in, ");
	say_bytes(pen, connection->bytes_acked, " out; queues ");
	say_bytes(pen, connection->recv_queue, " in, ");
	say_bytes(pen, connection->send_queue, " out; segments ");
	say_number(pen, true, connection->segs_in, " in, ");
	say_number(pen, true, connection->segs_out, " out");
	end_line(pen);
}

static void draw_losses(struct pen *pen)
{
	const struct connection *connection = pen->connection;

	if (!begin(pen, "sent again"))
		return;
	say_number(pen, true, connection->retransmits, " segments (");
	say_bytes(pen, connection->bytes_retrans, "), ");
	say_number(pen, true, connection->lost, " lost, ");
	say_number(pen, true, connection->dsack_dups, " spurious, ");
	say_number(pen, true, connection->reord_seen, " reordered, ");
	say_number(pen, true, connection->life.zero_windows, " zero windows");
	end_line(pen);
}

static void draw_timeouts(struct pen *pen)
{
	const struct connection *connection = pen->connection;
	uint8_t syns = connection->life.syn_retrans;
	bool is_known = connection->rto_count != RTO_UNKNOWN;

	if (!begin(pen, "timeouts"))
		return;
	say_number(pen, is_known, connection->rto_count, " RTOs, ");
	say_number(pen, is_known, connection->rto_recoveries, " recoveries, ");
	say_time(pen, is_known, connection->rto_ms * NS_PER_MS, " in them; ");
	say_number(pen, syns != SYN_RETRANS_NONE && connection->life.role != ROLE_UNKNOWN, syns, " SYNs again");
	end_line(pen);
}

static void draw_rtt(struct pen *pen)
{
	const struct connection *connection = pen->connection;
	const struct life *life = &connection->life;
	bool is_known = connection->srtt_us;

	if (!begin(pen, "RTT"))
		return;
	say_time(pen, is_known, connection->srtt_us * NS_PER_US, " smoothed, ");
	say_time(pen, is_known && connection->min_rtt_us != MIN_RTT_UNKNOWN, connection->min_rtt_us * NS_PER_US,
		 " min, ");
	say_time(pen, life->rtt_samples, life->rtt_samples ? life->rtt_sum_us * NS_PER_US / life->rtt_samples : 0,
		 " mean, ");
	say_time(pen, connection->rcv_rtt_us, connection->rcv_rtt_us * NS_PER_US, " by the receiver");
	end_line(pen);
}

static void draw_window(struct pen *pen)
{
	const struct connection *connection = pen->connection;
	uint64_t rate = connection_delivery_rate(connection);

	if (!begin(pen, "window"))
		return;
	say(pen, "cwnd ");
	say_number(pen, true, connection->cwnd, ", ssthresh ");
	say_number(pen, connection->ssthresh < SSTHRESH_INFINITE, connection->ssthresh, ", mss ");
	say_number(pen, true, connection->mss, ", delivered ");
	if (rate)
		say_bytes(pen, rate, "B/s");
	else
		say(pen, "-");
	if (rate && connection->options & CONNECTION_RATE_APP_LIMITED)
		say(pen, " (the application sent less)");
	end_line(pen);
}

static void draw_agreed(struct pen *pen)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} options[] = {{CONNECTION_SACK, " SACK"},
		       {CONNECTION_TIMESTAMPS, " timestamps"},
		       {CONNECTION_WINDOW_SCALING, " window-scaling"},
		       {CONNECTION_ECN, " ECN"}};
	const struct connection *connection = pen->connection;

	if (!begin(pen, "agreed"))
		return;
	picture_add_name(pen->picture, pen->line, STYLE_PLAIN, connection->congestion,
			 strnlen(connection->congestion, sizeof(connection->congestion)), CONGESTION_NAME_LEN);
	say(pen, ";");
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (connection->options & options[i].bit)
			say(pen, options[i].name);
	if (!connection_has_agreed(connection))
		say(pen, " -");
	else if (!(connection->options & ~(uint32_t)CONNECTION_RATE_APP_LIMITED))
		say(pen, " no options");
	if (connection->delivered_ce) {
		say(pen, "; ");
		say_number(pen, true, connection->delivered_ce, " segments marked");
	}
	end_line(pen);
}

void live_draw_details(const struct live_frame *frame, struct picture *picture, size_t line, size_t lines)
{
	bool is_open;
	struct pen pen = {.picture = picture, .line = line, .left = lines};

	pen.connection = live_view_selected(frame->view, frame->live, &is_open);
	if (!pen.connection) {
		picture_add_string(picture, line, STYLE_FAINT, "no connection is selected; details are of connections");
		return;
	}
	draw_title(&pen);
	draw_states(&pen, is_open);
	draw_limits(&pen);
	draw_bytes(&pen);
	draw_losses(&pen);
	draw_timeouts(&pen);
	draw_rtt(&pen);
	draw_window(&pen);
	draw_agreed(&pen);
	draw_owner(&pen);
}
