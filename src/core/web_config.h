/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The settings of a web configuration file of Prometheus' exporters (exporter-toolkit, docs/web-configuration.md). */
#ifndef TCPVITALS_CORE_WEB_CONFIG_H
#define TCPVITALS_CORE_WEB_CONFIG_H

#include "core/parse.h"

#include <stddef.h>

#define WEB_USERS_MAX 32

/* Demands on the client's certificate, by the words of client_auth_type. */
enum client_auth {
	CLIENT_AUTH_NONE,            /* NoClientCert */
	CLIENT_AUTH_VERIFY_IF_GIVEN, /* VerifyClientCertIfGiven */
	CLIENT_AUTH_VERIFY,          /* RequireAndVerifyClientCert */
};

enum tls_version {
	TLS_VERSION_12,
	TLS_VERSION_13
};

struct web_user {
	char *name;
	char *hash; /* bcrypt */
};

/* Strings are NUL-terminated and belong to the struct; NULL: not given. */
struct web_config {
	char *cert_file, *key_file, *client_ca_file;
	enum client_auth client_auth;
	enum tls_version min_version, max_version;
	struct web_user users[WEB_USERS_MAX];
	size_t user_count;
};

/*
 * Sets the value of a key. `section` is the key that it stands below, or NULL. Returns 0, or -EINVAL and an error that
 * names the key; -ENOMEM.
 */
int web_config_set(struct web_config *config, const char *section, const char *key, const char *value,
		   struct parse_error *error);

/* Checks the settings together, after the last one. Returns 0, or -EINVAL with an error. */
int web_config_check(const struct web_config *config, struct parse_error *error);

void web_config_free(struct web_config *config);

#endif
