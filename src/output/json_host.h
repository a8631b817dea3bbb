/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Members of a JSON object that tell the records of many hosts apart (--fleet). */
#ifndef TCPVITALS_OUTPUT_JSON_HOST_H
#define TCPVITALS_OUTPUT_JSON_HOST_H

#include "core/escape.h"
#include "core/strbuf.h"

#include <stdint.h>

#define HOST_NAME_LENGTH 64
#define BOOT_ID_LENGTH   36

/* Bytes that the members take at most. */
#define JSON_HOST_MAX (HOST_NAME_LENGTH * ESCAPED_MAX + BOOT_ID_LENGTH + 100)

struct json_host {
	char members[JSON_HOST_MAX]; /* all but the number of `seq` */
	size_t length;
	uint64_t seq; /* of the next record */
};

/* `boot_id`: of the kernel, empty if unknown. `run_us`: when the tool started, microseconds since 1970. */
void json_host_begin(struct json_host *host, const char *name, const char *boot_id, uint64_t run_us);

/* Adds the members as last ones to the object that has just been appended. */
void json_add_host(struct strbuf *out, struct json_host *host);

#endif
