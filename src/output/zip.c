/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/zip.h"

#include <errno.h>
#include <stdlib.h>

#ifdef HAVE_LIBZSTD

#include <zstd.h>

struct zip {
	ZSTD_CCtx *context;
	char *packed;
	size_t capacity;
};

int zip_open(struct zip **ret)
{
	struct zip *zip = calloc(1, sizeof(*zip));

	if (!zip)
		return -ENOMEM;
	zip->context = ZSTD_createCCtx();
	if (!zip->context) {
		free(zip);
		return -ENOMEM;
	}
	*ret = zip;
	return 0;
}

void zip_close(struct zip *zip)
{
	if (!zip)
		return;
	ZSTD_freeCCtx(zip->context);
	free(zip->packed);
	free(zip);
}

const char *zip_pack(struct zip *zip, const char *data, size_t length, size_t *ret_length)
{
	size_t needed = ZSTD_compressBound(length);
	char *packed = needed > zip->capacity ? realloc(zip->packed, needed) : zip->packed;

	if (!packed)
		return NULL;
	zip->packed = packed;
	if (needed > zip->capacity)
		zip->capacity = needed;
	*ret_length = ZSTD_compress2(zip->context, packed, zip->capacity, data, length);
	return ZSTD_isError(*ret_length) ? NULL : packed;
}

#else

int zip_open(struct zip **ret)
{
	*ret = NULL;
	return -EOPNOTSUPP;
}

void zip_close(struct zip *zip)
{
	(void)zip;
}

const char *zip_pack(struct zip *zip, const char *data, size_t length, size_t *ret_length)
{
	(void)zip, (void)data, (void)length, (void)ret_length;
	return NULL;
}

#endif
