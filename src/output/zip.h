/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compresses the lines of a sink with zstd. The only file that writes with libzstd. */
#ifndef TCPVITALS_OUTPUT_ZIP_H
#define TCPVITALS_OUTPUT_ZIP_H

#include <stdbool.h>
#include <stddef.h>

struct zip;

/* 0, or -ENOMEM, or -EOPNOTSUPP: this build has no libzstd. On success, call zip_close(). */
int zip_open(struct zip **ret);

/* NULL is allowed. */
void zip_close(struct zip *zip);

/*
 * Compresses `data` into a frame of its own, so that a file of such frames is complete after each of them. Returns the
 * frame, which the next call overwrites, and its length; NULL: no memory.
 */
const char *zip_pack(struct zip *zip, const char *data, size_t length, size_t *ret_length);

#endif
