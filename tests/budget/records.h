/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The records of a busy machine, as a fixed stream: each step in the lives of a few connections, and their ends. */
#ifndef TCPVITALS_BUDGET_RECORDS_H
#define TCPVITALS_BUDGET_RECORDS_H

#include "abi/connection.h"

#include <stdbool.h>
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Time between two records. */
#define STEP_NS 73000

struct step {
	__u8 oldstate, newstate;
	__u8 source; /* enum owner_source */
	__u8 cause;
	__u8 syn_retrans;
	__u8 flags;
	__u64 duration_ns; /* for a setting with distance 1 */
};

/* The life of a client that closes first and of its server, then the other ways in which a connection ends. */
static const struct step steps[] = {
	{STATE_CLOSE, STATE_SYN_SENT, OWNER_CONNECT, CAUSE_NONE, SYN_RETRANS_NONE, 0, DURATION_UNKNOWN},
	{STATE_LISTEN, STATE_SYN_RECV, OWNER_LISTENER, CAUSE_NONE, SYN_RETRANS_NONE, 0, DURATION_UNKNOWN},
	{STATE_SYN_RECV, STATE_ESTABLISHED, OWNER_LISTENER, CAUSE_NONE, 0, TRANSITION_TIMED, 31000},
	{STATE_SYN_SENT, STATE_ESTABLISHED, OWNER_CONNECT, CAUSE_NONE, 0, 0, 46212},
	{STATE_ESTABLISHED, STATE_FIN_WAIT1, OWNER_CONNECT, CAUSE_NONE, SYN_RETRANS_NONE, 0, 91358111},
	{STATE_ESTABLISHED, STATE_CLOSE_WAIT, OWNER_ACCEPT, CAUSE_NONE, SYN_RETRANS_NONE, 0, 91359006},
	{STATE_FIN_WAIT1, STATE_FIN_WAIT2, OWNER_CONNECT, CAUSE_NONE, SYN_RETRANS_NONE, 0, 9417},
	{STATE_CLOSE_WAIT, STATE_LAST_ACK, OWNER_USE, CAUSE_NONE, SYN_RETRANS_NONE, 0, 120733},
	{STATE_FIN_WAIT2, STATE_CLOSE, OWNER_CONNECT, CAUSE_TIME_WAIT, SYN_RETRANS_NONE, 0, 131004},
	{STATE_LAST_ACK, STATE_CLOSE, OWNER_ACCEPT, CAUSE_FIN_REMOTE, SYN_RETRANS_NONE, 0, 12290},
	{STATE_SYN_SENT, STATE_CLOSE, OWNER_CONNECT, CAUSE_REFUSED, 0, 0, 22480},
	{STATE_SYN_SENT, STATE_CLOSE, OWNER_CONNECT, CAUSE_TIMEOUT_CONNECT, 6, 0, 1319284000},
	{STATE_ESTABLISHED, STATE_CLOSE, OWNER_SEED, CAUSE_RESET_RECEIVED, SYN_RETRANS_NONE, TRANSITION_AT_LEAST,
	 7200193004},
	{STATE_FIN_WAIT1, STATE_CLOSE, OWNER_UNKNOWN, CAUSE_TIMEOUT_RETRANSMISSION, SYN_RETRANS_NONE, 0, 9302847113},
};

#define HOST_NETNS 4026531840

struct setting {
	struct transition socket; /* the same at each step */
	__u8 distance;            /* factor of all durations */
};

static const struct setting settings[] = {
	{{.owner = {.cgroup_id = 6120, .pid = 913, .comm = "nginx"},
	  .skaddr = 0xffff8881494fa500,
	  .cookie = 90817,
	  .netns = HOST_NETNS,
	  .uid = 33,
	  .ip_version = 4,
	  .laddr = {10, 0, 0, 1},
	  .raddr = {10, 0, 17, 203},
	  .lport = 443,
	  .rport = 50312},
	 7},
	{{.owner = {.cgroup_id = 1, .pid = 2607, .comm = "curl"},
	  .skaddr = 0xffff888102a1e5c0,
	  .cookie = 4711,
	  .netns = HOST_NETNS,
	  .uid = 1000,
	  .ip_version = 4,
	  .laddr = {127, 0, 0, 1},
	  .raddr = {127, 0, 0, 1},
	  .lport = 55106,
	  .rport = 80},
	 1},
	{{.owner = {.cgroup_id = 10411, .pid = 48121, .comm = "firefox-esr"},
	  .skaddr = 0xffff88810bf42e00,
	  .cookie = 31556,
	  .netns = HOST_NETNS,
	  .uid = 1000,
	  .ip_version = 4,
	  .laddr = {192, 168, 178, 23},
	  .raddr = {142, 250, 185, 110},
	  .lport = 41934,
	  .rport = 443},
	 40},
	{{.owner = {.cgroup_id = 77120, .pid = 3412, .comm = "postgres"},
	  .skaddr = 0xffff88817ac50000,
	  .cookie = 1288031,
	  .netns = 4026532205,
	  .uid = 114,
	  .ip_version = 6,
	  .laddr = {[15] = 1},
	  .raddr = {[15] = 1},
	  .lport = 5432,
	  .rport = 38240},
	 1},
	{{.owner = {.cgroup_id = 91234, .pid = 1048576, .comm = "kube-apiserver"},
	  .skaddr = 0xffff8881bd001180,
	  .cookie = 7004119,
	  .netns = 4026532911,
	  .uid = 0,
	  .ip_version = 6,
	  .laddr = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, [15] = 0x17},
	  .raddr = {0x20, 0x01, 0x0d, 0xb8, 255, 255, 0x0a, 0xbc, 2, 0x1b, 0x63, 255, 254, 0x4a, 0x9d, 0x21},
	  .lport = 6443,
	  .rport = 60999},
	 90},
	{{.owner = {.cgroup_id = 12, .pid = 77, .comm = "na\xc3\xafve"},
	  .skaddr = 0xffff88810044ab40,
	  .cookie = 81,
	  .netns = HOST_NETNS,
	  .uid = UID_UNKNOWN,
	  .ip_version = 4,
	  .laddr = {172, 16, 0, 9},
	  .raddr = {172, 16, 254, 9},
	  .lport = 2049,
	  .rport = 871},
	 3},
};

#define RECORDS (COUNT(steps) * COUNT(settings))

/* Record `number`, from 0 to RECORDS - 1. */
static inline struct transition record_transition(size_t number)
{
	const struct setting *setting = &settings[number % COUNT(settings)];
	const struct step *step = &steps[number / COUNT(settings)];
	struct transition event = setting->socket;

	event.owner.source = step->source;
	event.time_ns = 45296000000000 + number * STEP_NS;
	event.duration_ns = DURATION_UNKNOWN;
	if (step->duration_ns != DURATION_UNKNOWN)
		event.duration_ns = step->duration_ns * setting->distance;
	event.oldstate = step->oldstate;
	event.newstate = step->newstate;
	event.cause = step->cause;
	event.flags = step->flags;
	event.syn_retrans = step->syn_retrans;
	return event;
}

/* The connection that ends with the transition `end`, after some exchanges if it was established. */
static inline struct connection record_connection(const struct transition *end)
{
	__u64 exchanges = end->oldstate == STATE_SYN_SENT ? 0 : end->cookie % 50 + 1;
	__u64 handshake_ns = exchanges ? 46212 : end->duration_ns, established_ns = exchanges * 91358111;
	__u64 total_ns = handshake_ns + established_ns + (exchanges ? end->duration_ns : 0);
	bool server = end->oldstate == STATE_LAST_ACK;

	return (struct connection){
		.end = *end,
		.life = {.start_ns = end->time_ns - total_ns,
			 .in_state_ns = {[STATE_SYN_SENT] = server ? 0 : handshake_ns,
					 [STATE_SYN_RECV] = server ? handshake_ns : 0,
					 [STATE_ESTABLISHED] = established_ns,
					 [STATE_LAST_ACK] = server ? end->duration_ns : 0,
					 [STATE_FIN_WAIT1] = exchanges && !server ? end->duration_ns : 0},
			 .rtt_sum_us = exchanges * 1873,
			 .rtt_samples = exchanges,
			 .role = server ? ROLE_SERVER : ROLE_CLIENT,
			 .is_old = !!(end->flags & TRANSITION_AT_LEAST),
			 .syn_retrans = exchanges ? 0 : end->syn_retrans},
		.bytes_sent = exchanges * 517,
		.bytes_acked = exchanges * 517 + 1,
		.bytes_received = exchanges * 145360,
		.segs_out = exchanges * 102 + 2,
		.segs_in = exchanges * 205 + 1,
		.retransmits = exchanges / 20,
		.bytes_retrans = exchanges / 20 * 517,
		.chrono_ns = {[CHRONO_BUSY] = exchanges * 2000000},
		.lost = exchanges / 20,
		.delivered = exchanges * 2 + 1,
		.rate_delivered = exchanges ? 10 : 0,
		.rate_interval_us = 1900,
		.rcv_rtt_us = exchanges ? 2100 : 0,
		.cwnd = 10,
		.ssthresh = SSTHRESH_INFINITE,
		.mss = 1448,
		.options = CONNECTION_SACK | CONNECTION_TIMESTAMPS | CONNECTION_WINDOW_SCALING,
		.congestion = "cubic",
		.srtt_us = exchanges ? 1900 : 0,
		.min_rtt_us = exchanges ? 1640 : ~0U,
	};
}

#endif
