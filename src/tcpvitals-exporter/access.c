/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/access.h"

#include "os/clock.h"

#include <crypt.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Basic "
/* How much longer than a wrong password takes, no other is computed. */
#define PAUSE_FACTOR 9

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

static enum access_answer compute(struct access *access, const char *password, const char *hash)
{
	uint64_t start_ns = clock_monotonic_ns(), end_ns;

	if (start_ns < access->closed_until_ns)
		return ACCESS_LATER;
	if (matches(password, hash))
		return ACCESS_ADMITTED;
	end_ns = clock_monotonic_ns();
	access->closed_until_ns = end_ns + PAUSE_FACTOR * (end_ns - start_ns);
	return ACCESS_REFUSED;
}

/* Returns the user's number, or user_count. */
static size_t find_user(const struct web_config *config, const char *name, size_t length)
{
	size_t user = 0;

	while (user < config->user_count &&
	       (strlen(config->users[user].name) != length || memcmp(config->users[user].name, name, length) != 0))
		user++;
	return user;
}

enum access_answer access_ask_user(struct access *access, const char *authorization)
{
	const struct web_config *config = access->config;
	char credentials[CREDENTIALS_MAX], *colon;
	enum access_answer answer;
	size_t user;

	if (!config->user_count)
		return ACCESS_ADMITTED;
	if (!authorization || strncasecmp(authorization, SCHEME, strlen(SCHEME)) != 0 ||
	    !decode(authorization + strlen(SCHEME), credentials))
		return ACCESS_REFUSED;
	colon = strchr(credentials, ':');
	if (!colon)
		return ACCESS_REFUSED;
	user = find_user(config, credentials, (size_t)(colon - credentials));
	if (user < config->user_count && is_equal(credentials, access->known[user]))
		return ACCESS_ADMITTED;
	answer = compute(access, colon + 1, user < config->user_count ? config->users[user].hash : nobody);
	if (user == config->user_count && answer == ACCESS_ADMITTED)
		return ACCESS_REFUSED;
	if (answer == ACCESS_ADMITTED)
		strcpy(access->known[user], credentials);
	return answer;
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
