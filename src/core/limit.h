/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The verdict on a connection: what limited its sending. It is about one direction, and compares four times that add up
 * to the time in which the connection could send. The largest one is the verdict; of two equal ones, the first here.
 *
 *   receiver-window  there was data, and the peer's receive window was full (tcpi_rwnd_limited)
 *   send-buffer      there was data, and SO_SNDBUF was full (tcpi_sndbuf_limited)
 *   network, loss    data was on its way, or waited for the congestion window (the rest of tcpi_busy_time):
 *                    "loss" if at least 1 % of the bytes sent were retransmissions that the peer did not have yet, or
 *                    at least 10 % of this time went by in retransmission timeouts
 *   application      there was nothing to send
 *
 * "none": too short or too little to tell: less than 100 ms, or not a byte sent.
 */
#ifndef TCPVITALS_CORE_LIMIT_H
#define TCPVITALS_CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_LEAST_NS      100000000ULL
#define LIMIT_LOST_PERCENT  1
#define LIMIT_TIMER_PERCENT 10

enum limited_by {
	LIMITED_UNKNOWN, /* for a part of the time, nothing is known */
	LIMITED_BY_NONE,
	LIMITED_BY_APPLICATION,
	LIMITED_BY_RECEIVER_WINDOW,
	LIMITED_BY_SEND_BUFFER,
	LIMITED_BY_LOSS,
	LIMITED_BY_NETWORK,
	LIMITED_BY_COUNT
};

/* Of a connection, or of a part of its time. */
struct limit_evidence {
	bool is_known;           /* able_ns is about the same time as all else */
	uint64_t able_ns;        /* time in which the connection could send */
	uint64_t window_ns;      /* limited by the peer's receive window */
	uint64_t send_buffer_ns; /* limited by the send buffer */
	uint64_t busy_ns;        /* busy without these two */
	uint64_t timer_ns;       /* in retransmission timeouts; 0: none, or unknown */
	uint64_t bytes_sent;     /* payload, retransmissions included */
	uint64_t bytes_lost;     /* payload sent again that the peer did not have */
};

enum limited_by limit_judge(const struct limit_evidence *evidence);

/* "receiver-window"; NULL for LIMITED_UNKNOWN */
const char *limit_name(enum limited_by limit);

#endif
