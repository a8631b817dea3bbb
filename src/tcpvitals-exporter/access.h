/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who may make requests: users with passwords (RFC 7617), and client certificates. */
#ifndef TCPVITALS_EXPORTER_ACCESS_H
#define TCPVITALS_EXPORTER_ACCESS_H

#include "core/web_config.h"

#include <stdbool.h>
#include <stdint.h>

#define CREDENTIALS_MAX 512

struct access {
	const struct web_config *config;
	/*
	 * "NAME:PASSWORD" of each user's last success. To compute bcrypt takes a tenth of a second, in which nothing
	 * else is done.
	 */
	char known[WEB_USERS_MAX][CREDENTIALS_MAX];
	/*
	 * After a wrong password, the time (CLOCK_MONOTONIC) until which none is computed: wrong ones take at most a
	 * tenth of the time.
	 */
	uint64_t closed_until_ns;
};

enum access_answer {
	ACCESS_REFUSED,
	ACCESS_ADMITTED,
	ACCESS_LATER, /* not known: a wrong password came just before */
};

/* `authorization`: the header of that name, or NULL. */
enum access_answer access_ask_user(struct access *access, const char *authorization);

/* `session` is a gnutls_session_t. */
bool access_admits_certificate(const struct access *access, void *session);

#endif
