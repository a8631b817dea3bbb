/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens the sockets of --web.listen-address. */
#ifndef TCPVITALS_EXPORTER_LISTEN_H
#define TCPVITALS_EXPORTER_LISTEN_H

#include "core/parse.h"

/*
 * Opens a listening socket on "HOST:PORT", "[::1]:PORT", ":PORT" (all addresses) or "unix:PATH". A socket file at PATH
 * that nobody listens on is replaced. Returns the descriptor, or a negative errno with the reason in `error`.
 */
int listen_open(const char *address, struct parse_error *error);

#endif
