/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the file of --web.config.file (YAML), and the files that it names. */
#ifndef TCPVITALS_EXPORTER_WEB_FILE_H
#define TCPVITALS_EXPORTER_WEB_FILE_H

#include "core/parse.h"
#include "core/web_config.h"

#include <stdbool.h>
#include <stdint.h>

struct web_file {
	struct web_config config;
	/* Contents of the files of the configuration, in PEM; NULL: not given. */
	char *cert, *key, *client_ca;
	uint64_t generation; /* differs when one of the files has changed */
};

/*
 * Reads everything. A relative path in the file begins in the file's own folder. Returns 0, or a negative errno with
 * the reason in `error`. Call web_file_close() in both cases.
 */
int web_file_open(const char *path, struct web_file *ret, struct parse_error *error);
void web_file_close(struct web_file *file);

/* Notes the present files as those of web_file_has_changed(), also if they cannot be used. */
void web_file_note(const char *path, struct web_file *file);

/* Returns whether one of the files has changed since, or is gone. Takes a stat(2) for each. */
bool web_file_has_changed(const char *path, const struct web_file *file);

#endif
