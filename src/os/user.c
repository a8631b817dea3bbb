/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/user.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LENGTH 256
#define UID_MAX         4294967294U /* 4294967295 means "no user" */

#ifdef WITHOUT_NSS

/* Replaces getpwnam_r(3), which needs NSS. Reads /etc/passwd only. */
static void look_up(const char *name, struct passwd *entry, char *text, size_t size, struct passwd **ret)
{
	FILE *file = fopen("/etc/passwd", "re");

	while (file && !fgetpwent_r(file, entry, text, size, ret) && strcmp(entry->pw_name, name) != 0)
		*ret = NULL;
	if (file)
		fclose(file);
}

#else

static void look_up(const char *name, struct passwd *entry, char *text, size_t size, struct passwd **ret)
{
	getpwnam_r(name, entry, text, size, ret);
}

#endif

int user_find(const char *word, size_t length, uint64_t *ret_uid, struct parse_error *error)
{
	struct parse_error unused;
	char name[NAME_MAX_LENGTH + 1], text[4096];
	struct passwd entry, *found = NULL;

	if (length && length <= NAME_MAX_LENGTH) {
		memcpy(name, word, length);
		name[length] = '\0';
		look_up(name, &entry, text, sizeof(text), &found);
	}
	if (found) {
		*ret_uid = found->pw_uid;
		return 0;
	}
	if (!parse_u64("user", word, length, 0, UID_MAX, ret_uid, &unused))
		return 0;
	return parse_fail(error, "user", word, length, "no such user, and not a uid from 0 to 4294967294");
}
