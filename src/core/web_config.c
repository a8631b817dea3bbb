/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/web_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const client_auths[] = {
	[CLIENT_AUTH_NONE] = "NoClientCert",
	[CLIENT_AUTH_VERIFY_IF_GIVEN] = "VerifyClientCertIfGiven",
	[CLIENT_AUTH_VERIFY] = "RequireAndVerifyClientCert",
};

static const char *const versions[] = {[TLS_VERSION_12] = "TLS12", [TLS_VERSION_13] = "TLS13"};

static int refuse(struct parse_error *error, const char *what, const char *word, const char *why)
{
	return parse_fail(error, what, word, strlen(word), why);
}

static int set_string(char **place, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

/* Returns the index of `word`, or -1. */
static int find_word(const char *const words[], size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i], word))
			return (int)i;
	}
	return -1;
}

static int set_version(enum tls_version *place, const char *value, struct parse_error *error)
{
	int version = find_word(versions, sizeof(versions) / sizeof(versions[0]), value);

	if (version < 0)
		return refuse(error, "TLS version", value, "not one of TLS12, TLS13");
	*place = (enum tls_version)version;
	return 0;
}

static int set_client_auth(struct web_config *config, const char *value, struct parse_error *error)
{
	int auth = find_word(client_auths, sizeof(client_auths) / sizeof(client_auths[0]), value);

	if (auth < 0)
		return refuse(error, "client_auth_type", value,
			      "not one of NoClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert");
	config->client_auth = (enum client_auth)auth;
	return 0;
}

static int set_tls(struct web_config *config, const char *key, const char *value, struct parse_error *error)
{
	if (!strcmp(key, "cert_file"))
		return set_string(&config->cert_file, value);
	if (!strcmp(key, "key_file"))
		return set_string(&config->key_file, value);
	if (!strcmp(key, "client_ca_file"))
		return set_string(&config->client_ca_file, value);
	if (!strcmp(key, "client_auth_type"))
		return set_client_auth(config, value, error);
	if (!strcmp(key, "min_version"))
		return set_version(&config->min_version, value, error);
	if (!strcmp(key, "max_version"))
		return set_version(&config->max_version, value, error);
	return refuse(error, "key of tls_server_config", key,
		      "not one of cert_file, key_file, client_ca_file, client_auth_type, min_version, max_version");
}

/* "$2y$10$" and 53 characters, as htpasswd -B writes it. */
static bool is_bcrypt(const char *hash)
{
	return strlen(hash) == 60 && !strncmp(hash, "$2", 2) && strchr("aby", hash[2]) && hash[3] == '$' &&
	       hash[6] == '$';
}

static int add_user(struct web_config *config, const char *name, const char *hash, struct parse_error *error)
{
	struct web_user user = {};

	if (!is_bcrypt(hash))
		return refuse(error, "password of user", name, "not a bcrypt hash; make one with htpasswd -nB");
	if (config->user_count == WEB_USERS_MAX)
		return refuse(error, "user", name, "one of more than 32; leave some out");
	if (set_string(&user.name, name) || set_string(&user.hash, hash)) {
		free(user.name);
		return -ENOMEM;
	}
	config->users[config->user_count++] = user;
	return 0;
}

int web_config_set(struct web_config *config, const char *section, const char *key, const char *value,
		   struct parse_error *error)
{
	if (section && !strcmp(section, "tls_server_config"))
		return set_tls(config, key, value, error);
	if (section && !strcmp(section, "basic_auth_users"))
		return add_user(config, key, value, error);
	return refuse(error, "key of the web configuration", section ? section : key,
		      "not one of tls_server_config, basic_auth_users");
}

int web_config_check(const struct web_config *config, struct parse_error *error)
{
	if (config->cert_file && !config->key_file)
		return parse_refuse(error, "cert_file needs key_file; add it to tls_server_config");
	if (config->key_file && !config->cert_file)
		return parse_refuse(error, "key_file needs cert_file; add it to tls_server_config");
	if (config->client_auth >= CLIENT_AUTH_VERIFY_IF_GIVEN && !config->client_ca_file)
		return parse_refuse(error, "this client_auth_type needs client_ca_file; add it to tls_server_config");
	if ((config->client_auth || config->client_ca_file) && !config->cert_file)
		return parse_refuse(error, "client certificates need TLS; add cert_file to tls_server_config");
	if (config->client_ca_file && config->client_auth < CLIENT_AUTH_VERIFY_IF_GIVEN)
		return parse_refuse(error, "client_ca_file is not used; add client_auth_type to tls_server_config");
	if (config->min_version > config->max_version)
		return parse_refuse(error, "min_version is above max_version; change one of them");
	return 0;
}

void web_config_free(struct web_config *config)
{
	free(config->cert_file);
	free(config->key_file);
	free(config->client_ca_file);
	for (size_t i = 0; i < config->user_count; i++) {
		free(config->users[i].name);
		free(config->users[i].hash);
	}
	*config = (struct web_config){};
}
