/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of TCP ports, one bit each, in the layout that the kernel side filters with. */
#ifndef TCPVITALS_CORE_PORT_SET_H
#define TCPVITALS_CORE_PORT_SET_H

#include "abi/port_set.h"
#include "core/parse.h"

#include <stdbool.h>

/*
 * A comma-separated list of ports and ranges, 1 to 65535: "80", "80,443,8000-8999". Empty lists, empty words
 * ("80,,81"), reversed ranges, 0, 65536 and anything that is not digits are refused; `error` quotes the bad word. Adds
 * to `ret`, so that an option may be repeated.
 */
int port_set_parse(const char *what, const char *list, struct port_set *ret, struct parse_error *error);

#endif
