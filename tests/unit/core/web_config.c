/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The settings of a web configuration, key by key and together. */
#include "core/web_config.h"

#include <errno.h>
#include <stdio.h>

#include "text.h"

#define HASH "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"

static const struct setting {
	const char *section, *key, *value, *error; /* error NULL: accepted */
} settings[] = {
	{"tls_server_config", "cert_file", "a.pem", NULL},
	{"tls_server_config", "client_auth_type", "VerifyClientCertIfGiven", NULL},
	{"tls_server_config", "min_version", "TLS13", NULL},
	{"basic_auth_users", "alice", HASH, NULL},
	{"tls_server_config", "min_version", "TLS11", "TLS version \"TLS11\": not one of TLS12, TLS13"},
	{"tls_server_config", "client_auth_type", "RequireAnyClientCert",
	 "client_auth_type \"RequireAnyClientCert\": not one of NoClientCert, VerifyClientCertIfGiven, "
	 "RequireAndVerifyClientCert"},
	{"tls_server_config", "cipher_suites", "x",
	 "key of tls_server_config \"cipher_suites\": not one of cert_file, key_file, client_ca_file, "
	 "client_auth_type, "
	 "min_version, max_version"},
	{"basic_auth_users", "bob", "secret",
	 "password of user \"bob\": not a bcrypt hash; make one with htpasswd -nB"},
	{"http_server_config", "http2", "true",
	 "key of the web configuration \"http_server_config\": not one of tls_server_config, basic_auth_users"},
	{NULL, "nothing", "x",
	 "key of the web configuration \"nothing\": not one of tls_server_config, basic_auth_users"},
};

static void test_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *setting = &settings[i];
		struct web_config config = {};
		struct parse_error error;
		int r = web_config_set(&config, setting->section, setting->key, setting->value, &error);

		assert_int_equal(r < 0, setting->error != NULL);
		if (setting->error)
			assert_string_equal(error.text, setting->error);
		web_config_free(&config);
	}
}

static void test_users(void **state)
{
	struct web_config config = {};
	struct parse_error error;
	char name[8];

	(void)state;
	for (int i = 0; i < WEB_USERS_MAX; i++) {
		snprintf(name, sizeof(name), "user%d", i);
		assert_int_equal(web_config_set(&config, "basic_auth_users", name, HASH, &error), 0);
	}
	assert_string_equal(config.users[31].name, "user31");
	assert_int_equal(web_config_set(&config, "basic_auth_users", "more", HASH, &error), -EINVAL);
	assert_string_equal(error.text, "user \"more\": one of more than 32; leave some out");
	web_config_free(&config);
}

static void assert_check(const struct web_config *config, const char *expected)
{
	struct parse_error error;

	assert_int_equal(web_config_check(config, &error) < 0, expected != NULL);
	if (expected)
		assert_string_equal(error.text, expected);
}

static void test_together(void **state)
{
	char file[] = "f";
	struct web_config config = {.max_version = TLS_VERSION_13};

	(void)state;
	assert_check(&config, NULL);
	config.cert_file = file;
	assert_check(&config, "cert_file needs key_file; add it to tls_server_config");
	config.key_file = file;
	assert_check(&config, NULL);
	config.cert_file = NULL;
	assert_check(&config, "key_file needs cert_file; add it to tls_server_config");
	config.cert_file = file;
	config.client_auth = CLIENT_AUTH_VERIFY;
	assert_check(&config, "this client_auth_type needs client_ca_file; add it to tls_server_config");
	config.client_ca_file = file;
	assert_check(&config, NULL);
	config.client_auth = CLIENT_AUTH_NONE;
	assert_check(&config, "client_ca_file is not used; add client_auth_type to tls_server_config");
	config.cert_file = config.key_file = NULL;
	assert_check(&config, "client certificates need TLS; add cert_file to tls_server_config");
	config.client_ca_file = NULL;
	config.min_version = TLS_VERSION_13;
	config.max_version = TLS_VERSION_12;
	assert_check(&config, "min_version is above max_version; change one of them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
