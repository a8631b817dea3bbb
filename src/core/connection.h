/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values that follow from the record of a connection. `from_ns` is 0 for a record of the connection so far, else the
 * record is a part that began then (core/part.h).
 */
#ifndef TCPVITALS_CORE_CONNECTION_H
#define TCPVITALS_CORE_CONNECTION_H

#include "abi/connection.h"
#include "core/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* The time of the connection so far, or for which it was watched; 0: unknown. */
uint64_t connection_total_ns(const struct connection *connection);

/* Whether that is the connection's whole time. */
bool connection_is_whole(const struct connection *connection);

/* Whether it is the record of a whole connection at its end. */
bool connection_is_final(const struct connection *connection, uint64_t from_ns);

/* The time with data to send, limited or not (tcpi_busy_time). */
uint64_t connection_busy_ns(const struct connection *connection);

/*
 * The time in which the connection could send and had nothing to send. False: unknown, because the connection is older
 * than the tool.
 */
bool connection_idle_ns(const struct connection *connection, uint64_t from_ns, uint64_t *ret);

enum limited_by connection_limit(const struct connection *connection, uint64_t from_ns);

/* Bytes per second, as tcpi_delivery_rate (tcp_compute_delivery_rate()); 0: not measured. */
uint64_t connection_delivery_rate(const struct connection *connection);

/* Whether the handshake went so far that both sides have agreed on options. */
bool connection_has_agreed(const struct connection *connection);

#endif
