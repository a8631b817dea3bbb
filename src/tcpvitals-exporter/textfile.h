/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the file of --textfile, for the textfile collector of node_exporter. */
#ifndef TCPVITALS_EXPORTER_TEXTFILE_H
#define TCPVITALS_EXPORTER_TEXTFILE_H

#include <stddef.h>

/*
 * Replaces the file at `path` by one with this text. A reader sees the old file or the new one, never a part: the text
 * goes into a file beside it, which then gets its name. Returns 0 or a negative errno; then the old file stays.
 */
int textfile_write(const char *path, const char *text, size_t length);

#endif
