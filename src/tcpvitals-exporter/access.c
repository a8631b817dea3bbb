/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/access.h"

#include "os/clock.h"

#include <arpa/inet.h>
#include <crypt.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SCHEME "Basic "
/* How much longer than a wrong password takes, no other is computed: of the same address, and of any. */
#define PAUSE_FACTOR     9
#define ALL_PAUSE_FACTOR 1

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

/* Returns the number of a client's address, 0 to ADDRESSES_APART - 1. Of an IPv6 address, the network's half counts. */
static size_t number_of(const struct sockaddr *client)
{
	uint64_t address = 0;

	if (client && client->sa_family == AF_INET)
		address = ((const struct sockaddr_in *)client)->sin_addr.s_addr;
	else if (client && client->sa_family == AF_INET6)
		memcpy(&address, &((const struct sockaddr_in6 *)client)->sin6_addr, sizeof(address));
	return address * 0x9e3779b97f4a7c15ULL >> (64 - ADDRESS_BITS);
}

static enum access_answer compute(struct access *access, const char *password, const char *hash,
				  uint64_t *closed_until_ns)
{
	uint64_t start_ns = clock_monotonic_ns(), end_ns;

	if (start_ns < *closed_until_ns || start_ns < access->all_closed_until_ns)
		return ACCESS_LATER;
	if (matches(password, hash))
		return ACCESS_ADMITTED;
	end_ns = clock_monotonic_ns();
	*closed_until_ns = end_ns + PAUSE_FACTOR * (end_ns - start_ns);
	access->all_closed_until_ns = end_ns + ALL_PAUSE_FACTOR * (end_ns - start_ns);
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

enum access_answer access_ask_user(struct access *access, const char *authorization, const struct sockaddr *client)
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
	answer = compute(access, colon + 1, user < config->user_count ? config->users[user].hash : nobody,
			 &access->closed_until_ns[number_of(client)]);
	if (user == config->user_count && answer == ACCESS_ADMITTED)
		return ACCESS_REFUSED;
	if (answer == ACCESS_ADMITTED)
		strcpy(access->known[user], credentials);
	return answer;
}

static bool is_loopback(const struct sockaddr *address)
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;

	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->sa_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == IN_LOOPBACKNET));
}

bool access_admits_host(const struct access *access, const char *host, const struct sockaddr *client)
{
	char name[HOST_NAME_MAX + 1], own[HOST_NAME_MAX + 1] = "";
	struct in_addr v4;
	size_t length;

	if (!host || access->config->user_count || !client || !is_loopback(client) || *host == '[')
		return true;
	length = strcspn(host, ":");
	if (length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	gethostname(own, sizeof(own) - 1);
	return !strcasecmp(name, "localhost") || !strcasecmp(name, own) || inet_pton(AF_INET, name, &v4) == 1;
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
