/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses services(5), which has the names of ports. */
#ifndef TCPVITALS_CORE_SERVICES_H
#define TCPVITALS_CORE_SERVICES_H

#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the longest name. Longer names are left out. */
#define SERVICE_NAME_MAX 255

/* True if a line (without its newline) names a TCP port. `ret_name` points into the line. */
bool services_parse_line(const char *line, size_t length, struct name *ret_name, uint16_t *ret_port);

#endif
