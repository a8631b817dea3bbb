/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/web_file.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

/* A certificate chain is far shorter. */
#define FILE_BYTES_MAX ((size_t)1 << 20)

static int refuse(struct parse_error *error, const char *what, const char *word, const char *why)
{
	return parse_fail(error, what, word, strlen(word), why);
}

/* ---- YAML: a mapping of mappings of scalars --------------------------------------------------------------------- */

struct reader {
	yaml_parser_t parser;
	struct web_config *config;
	char *section; /* the present key of the outer mapping, NULL: none */
	char *key;     /* waits for its value */
	int depth;     /* of mappings */
};

static bool is_section(const char *key)
{
	return !strcmp(key, "tls_server_config") || !strcmp(key, "basic_auth_users");
}

static int take_scalar(struct reader *reader, const char *text, struct parse_error *error)
{
	char *key = reader->key;
	int r;

	if (!key) {
		reader->key = strdup(text);
		return reader->key ? 0 : -ENOMEM;
	}
	/* "tls_server_config:" without anything below */
	if (reader->depth == 1 && !*text && is_section(key))
		r = 0;
	else
		r = web_config_set(reader->config, reader->depth == 2 ? reader->section : NULL, key, text, error);
	free(key);
	reader->key = NULL;
	return r;
}

static int begin_mapping(struct reader *reader, struct parse_error *error)
{
	if (reader->depth == 2 || (reader->depth == 1 && !reader->key))
		return parse_refuse(error, "the web configuration has a mapping too many; see the manual");
	if (reader->depth++ == 1) {
		reader->section = reader->key;
		reader->key = NULL;
		if (!is_section(reader->section))
			return refuse(error, "key of the web configuration", reader->section,
				      "not one of tls_server_config, basic_auth_users");
	}
	return 0;
}

static void end_mapping(struct reader *reader)
{
	if (reader->depth-- == 2) {
		free(reader->section);
		reader->section = NULL;
	}
}

static int take_event(struct reader *reader, const yaml_event_t *event, struct parse_error *error)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		/* An empty file is an empty scalar. */
		if (!reader->depth)
			return parse_refuse(error, "the web configuration has no keys; see the manual");
		return take_scalar(reader, (const char *)event->data.scalar.value, error);
	case YAML_MAPPING_START_EVENT:
		return begin_mapping(reader, error);
	case YAML_MAPPING_END_EVENT:
		end_mapping(reader);
		return 0;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_ALIAS_EVENT:
		return refuse(error, "key of the web configuration", reader->key ? reader->key : "",
			      "a list or an alias, where one value is expected");
	default:
		return 0;
	}
}

static int refuse_syntax(const yaml_parser_t *parser, const char *path, struct parse_error *error)
{
	char why[160];

	snprintf(why, sizeof(why), "not YAML: line %zu: %s", parser->problem_mark.line + 1,
		 parser->problem ? parser->problem : "unreadable");
	return refuse(error, "file", path, why);
}

static int read_events(struct reader *reader, const char *path, struct parse_error *error)
{
	bool is_done = false;
	int r = 0;

	while (!r && !is_done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reader->parser, &event))
			return refuse_syntax(&reader->parser, path, error);
		is_done = event.type == YAML_STREAM_END_EVENT;
		r = take_event(reader, &event, error);
		yaml_event_delete(&event);
	}
	return r;
}

static int read_config(const char *path, struct web_config *config, struct parse_error *error)
{
	struct reader reader = {.config = config};
	FILE *file = fopen(path, "re");
	int r;

	if (!file) {
		r = -errno;
		refuse(error, "file", path, strerror(errno));
		return r;
	}
	if (!yaml_parser_initialize(&reader.parser)) {
		fclose(file);
		return -ENOMEM;
	}
	yaml_parser_set_input_file(&reader.parser, file);
	r = read_events(&reader, path, error);
	yaml_parser_delete(&reader.parser);
	free(reader.section);
	free(reader.key);
	fclose(file);
	return r ? r : web_config_check(config, error);
}

/* ---- the files that it names ------------------------------------------------------------------------------------ */

/* Writes the path of a file that the configuration at `config_path` names. */
static void resolve(const char *config_path, const char *name, char ret[PATH_MAX])
{
	const char *slash = strrchr(config_path, '/');

	if (*name == '/' || !slash)
		snprintf(ret, PATH_MAX, "%s", name);
	else
		snprintf(ret, PATH_MAX, "%.*s/%s", (int)(slash - config_path), config_path, name);
}

/* Reads a whole file, NUL-terminated. `name` is NULL if the configuration has no such file. */
static int read_file(const char *config_path, const char *name, char **ret, struct parse_error *error)
{
	char path[PATH_MAX], *bytes;
	size_t length;
	FILE *file;
	int r;

	if (!name)
		return 0;
	resolve(config_path, name, path);
	file = fopen(path, "re");
	if (!file) {
		r = -errno;
		refuse(error, "file", path, strerror(errno));
		return r;
	}
	bytes = malloc(FILE_BYTES_MAX + 1);
	length = bytes ? fread(bytes, 1, FILE_BYTES_MAX, file) : 0;
	r = !bytes ? -ENOMEM : ferror(file) || !length ? refuse(error, "file", path, "empty or unreadable") : 0;
	fclose(file);
	if (r) {
		free(bytes);
		return r;
	}
	bytes[length] = '\0';
	*ret = bytes;
	return 0;
}

static void note(const char *config_path, const char *name, uint64_t *generation)
{
	char path[PATH_MAX];
	struct stat status = {};

	if (!name)
		return;
	resolve(config_path, name, path);
	if (stat(path, &status))
		memset(&status, 0, sizeof(status));
	*generation = *generation * 31 + (uint64_t)status.st_ino;
	*generation = *generation * 31 + (uint64_t)status.st_size;
	*generation =
		*generation * 31 + (uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec;
}

static uint64_t generation_of(const char *path, const struct web_file *file)
{
	uint64_t generation = 0;

	/* An absolute name stays as it is. */
	note("", path, &generation);
	note(path, file->config.cert_file, &generation);
	note(path, file->config.key_file, &generation);
	note(path, file->config.client_ca_file, &generation);
	return generation;
}

/* Whether the certificate and the key belong together, and the certificates of clients can be read. */
static int check_certificates(const struct web_file *file, struct parse_error *error)
{
	gnutls_datum_t cert = {(unsigned char *)file->cert, (unsigned int)strlen(file->cert)};
	gnutls_datum_t key = {(unsigned char *)file->key, (unsigned int)strlen(file->key)};
	gnutls_certificate_credentials_t credentials;
	int r;

	if (gnutls_certificate_allocate_credentials(&credentials))
		return -ENOMEM;
	r = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
	if (r < 0)
		r = refuse(error, "file", file->config.cert_file, "not a certificate of the key in key_file");
	if (r >= 0 && file->client_ca) {
		gnutls_datum_t ca = {(unsigned char *)file->client_ca, (unsigned int)strlen(file->client_ca)};

		r = gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM);
		if (r <= 0)
			r = refuse(error, "file", file->config.client_ca_file, "no certificates in PEM");
	}
	gnutls_certificate_free_credentials(credentials);
	return r < 0 ? r : 0;
}

void web_file_note(const char *path, struct web_file *file)
{
	file->generation = generation_of(path, file);
}

int web_file_open(const char *path, struct web_file *ret, struct parse_error *error)
{
	int r;

	*ret = (struct web_file){.config = {.max_version = TLS_VERSION_13}};
	parse_refuse(error, "no memory for the web configuration; try again");
	r = read_config(path, &ret->config, error);
	/* Before the files are read: a change meanwhile is found later. */
	web_file_note(path, ret);
	if (!r)
		r = read_file(path, ret->config.cert_file, &ret->cert, error);
	if (!r)
		r = read_file(path, ret->config.key_file, &ret->key, error);
	if (!r)
		r = read_file(path, ret->config.client_ca_file, &ret->client_ca, error);
	return !r && ret->cert ? check_certificates(ret, error) : r;
}

void web_file_close(struct web_file *file)
{
	web_config_free(&file->config);
	free(file->cert);
	free(file->key);
	free(file->client_ca);
	*file = (struct web_file){};
}

bool web_file_has_changed(const char *path, const struct web_file *file)
{
	return generation_of(path, file) != file->generation;
}
