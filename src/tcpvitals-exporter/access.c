/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/access.h"

#include <crypt.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Basic "

/* For an unknown user: the answer takes as long as that about a wrong password. */
static const char nobody[] = "$2b$10$abcdefghijklmnopqrstuu3ZEWCuKQ0wbVFsQHFXqfkWpYg9lFeWi";

/* Compares in a time that does not depend on the contents. */
static bool is_equal(const char *a, const char *b)
{
	size_t length = strlen(a);
	unsigned char differs = 0;

	if (length != strlen(b))
		return false;
	for (size_t i = 0; i < length; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return !differs;
}

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Decodes base64 (RFC 4648) to a string without a NUL in it. Returns false if that is not possible. */
static bool decode(const char *text, char ret[CREDENTIALS_MAX])
{
	size_t length = strlen(text), out = 0;
	uint32_t bits = 0;
	int count = 0;

	while (length && text[length - 1] == '=')
		length--;
	for (size_t i = 0; i < length; i++) {
		int digit = digit_of(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		ret[out] = (char)(bits >> count);
		if (!ret[out] || ++out == CREDENTIALS_MAX)
			return false;
	}
	ret[out] = '\0';
	return true;
}

static bool matches(const char *password, const char *hash)
{
	struct crypt_data data = {};
	const char *computed = crypt_r(password, hash, &data);

	return computed && is_equal(computed, hash);
}

bool access_admits_user(struct access *access, const char *authorization)
{
	const struct web_config *config = access->config;
	char credentials[CREDENTIALS_MAX], *colon;
	size_t name, user;

	if (!config->user_count)
		return true;
	if (!authorization || strncasecmp(authorization, SCHEME, strlen(SCHEME)) != 0 ||
	    !decode(authorization + strlen(SCHEME), credentials))
		return false;
	colon = strchr(credentials, ':');
	if (!colon)
		return false;
	name = (size_t)(colon - credentials);
	for (user = 0; user < config->user_count; user++) {
		if (strlen(config->users[user].name) == name && !memcmp(config->users[user].name, credentials, name))
			break;
	}
	if (user == config->user_count) {
		matches(colon + 1, nobody);
		return false;
	}
	if (is_equal(credentials, access->known[user]))
		return true;
	if (!matches(colon + 1, config->users[user].hash))
		return false;
	strcpy(access->known[user], credentials);
	return true;
}

bool access_admits_certificate(const struct access *access, void *session)
{
	/* A server's certificate of the same authority is not a client's. */
	gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0};
	enum client_auth auth = access->config->client_auth;
	unsigned int count = 0, status = 0;

	if (auth == CLIENT_AUTH_NONE)
		return true;
	if (!session)
		return false;
	if (!gnutls_certificate_get_peers(session, &count) || !count)
		return auth == CLIENT_AUTH_VERIFY_IF_GIVEN;
	return !gnutls_certificate_verify_peers(session, &purpose, 1, &status) && !status;
}
