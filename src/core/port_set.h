/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses a set of TCP ports: one bit each, in the layout that the BPF programs filter with (abi/port_set.h). */
#ifndef TCPVITALS_CORE_PORT_SET_H
#define TCPVITALS_CORE_PORT_SET_H

#include "abi/port_set.h"
#include "core/parse.h"

#include <stdbool.h>

/*
 * Parses a comma-separated list of ports and ranges, 1 to 65535: "80", "80,443,8000-8999". Adds the ports to `ret`, so
 * an option may be repeated. 0, or -EINVAL for empty lists, empty words ("80,,81"), reversed ranges, 0, 65536, and
 * anything but digits. `error` quotes the bad word.
 */
int port_set_parse(const char *what, const char *list, struct port_set *ret, struct parse_error *error);

#endif
