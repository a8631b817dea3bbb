/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who may make requests: users with passwords (RFC 7617), and client certificates. */
#ifndef TCPVITALS_EXPORTER_ACCESS_H
#define TCPVITALS_EXPORTER_ACCESS_H

#include "core/web_config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define CREDENTIALS_MAX 512
/* The addresses of clients are told apart by so many bits of a hash. */
#define ADDRESS_BITS    8
#define ADDRESSES_APART (1 << ADDRESS_BITS)

struct access {
	const struct web_config *config;
	/*
	 * "NAME:PASSWORD" of each user's last success. To compute bcrypt takes a tenth of a second, in which nothing
	 * else is done.
	 */
	char known[WEB_USERS_MAX][CREDENTIALS_MAX];
	/*
	 * After a wrong password, the times (CLOCK_MONOTONIC) until which none is computed. Wrong ones from one address
	 * take at most a tenth of the time, so that they do not keep out other addresses, and all together at most
	 * half.
	 */
	uint64_t closed_until_ns[ADDRESSES_APART], all_closed_until_ns;
};

enum access_answer {
	ACCESS_REFUSED,
	ACCESS_ADMITTED,
	ACCESS_LATER, /* not known: a wrong password came just before */
};

/* `authorization`: the header of that name, or NULL. `client`: the address, or NULL for that of a UNIX socket. */
enum access_answer access_ask_user(struct access *access, const char *authorization, const struct sockaddr *client);

/*
 * Whether a client with this header Host (NULL: none) may follow the events. Without users, a client of this host has
 * to name it by an address, as "localhost" or by the host's name. Another name may be that of a stranger's web page,
 * which a browser asks here because the name now leads here (DNS rebinding).
 */
bool access_admits_host(const struct access *access, const char *host, const struct sockaddr *client);

/* `session` is a gnutls_session_t. */
bool access_admits_certificate(const struct access *access, void *session);

#endif
