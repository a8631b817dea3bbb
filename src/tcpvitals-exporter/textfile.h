/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the file of --textfile, for the textfile collector of node_exporter. */
#ifndef TCPVITALS_EXPORTER_TEXTFILE_H
#define TCPVITALS_EXPORTER_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether the file at `path` can be replaced: it is a regular file, or there is none. */
bool textfile_is_possible(const char *path);

/*
 * Replaces the file at `path` by one with this text. A reader sees the old file or the new one, never a part: the text
 * goes into a file beside it, which then gets its name. Returns 0 or a negative errno; then the old file stays.
 */
int textfile_write(const char *path, const char *text, size_t length);

#endif
