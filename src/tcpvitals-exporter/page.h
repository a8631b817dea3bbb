/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files of the live page (page/), as part of the program. */
#ifndef TCPVITALS_EXPORTER_PAGE_H
#define TCPVITALS_EXPORTER_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page_file {
	const char *path; /* "/page.js" */
	const char *type; /* Content-Type */
	const char *bytes;
	size_t length;
};

/* Returns the file at a path, or NULL. */
const struct page_file *page_find(const char *path);

#endif
