/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/account.h"

#include "os/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_MAX 4294967294U

#ifdef WITHOUT_NSS

#define GROUPS_MAX 256

static bool look_up(uid_t uid, struct passwd *entry, char *text, size_t size)
{
	struct passwd *found = NULL;
	FILE *file = fopen("/etc/passwd", "re");

	while (file && !fgetpwent_r(file, entry, text, size, &found) && entry->pw_uid != uid)
		found = NULL;
	if (file)
		fclose(file);
	return found;
}

static bool has_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++) {
		if (!strcmp(*member, name))
			return true;
	}
	return false;
}

/* Replaces initgroups(3), which needs NSS. Reads /etc/group only. */
static int set_groups(const char *name, gid_t gid)
{
	gid_t groups[GROUPS_MAX] = {gid};
	FILE *file = fopen("/etc/group", "re");
	const struct group *group;
	size_t count = 1;

	while (file && count < GROUPS_MAX && (group = fgetgrent(file))) {
		if (group->gr_gid != gid && has_member(group, name))
			groups[count++] = group->gr_gid;
	}
	if (file)
		fclose(file);
	return setgroups(count, groups) ? -errno : 0;
}

#else

static bool look_up(uid_t uid, struct passwd *entry, char *text, size_t size)
{
	struct passwd *found = NULL;

	getpwuid_r(uid, entry, text, size, &found);
	return found;
}

static int set_groups(const char *name, gid_t gid)
{
	return initgroups(name, gid) ? -errno : 0;
}

#endif

/* Fills in the rest of the account from account->uid. Returns false if the system has no entry for the uid. */
static bool read_account(struct account *account)
{
	struct passwd entry;
	char text[4096];

	if (!look_up(account->uid, &entry, text, sizeof(text)))
		return false;
	account->gid = entry.pw_gid;
	snprintf(account->name, sizeof(account->name), "%s", entry.pw_name);
	snprintf(account->home, sizeof(account->home), "%s", entry.pw_dir);
	snprintf(account->shell, sizeof(account->shell), "%s", entry.pw_shell);
	return true;
}

int account_find(const char *word, struct account *ret, struct parse_error *error)
{
	struct account account = {};
	uint64_t uid;

	if (user_find(word, strlen(word), &uid, error))
		return -EINVAL;
	account.uid = (uid_t)uid;
	if (!read_account(&account))
		return parse_fail(error, "user", word, strlen(word), "no such user");
	*ret = account;
	return 0;
}

int account_of_sudo(struct account *ret, struct parse_error *error)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
	struct account account = {};
	uint64_t uid, gid;

	if (geteuid() || !uid_text)
		return -ENOENT;
	gid_text = gid_text ? gid_text : "";
	if (parse_u64("SUDO_UID", uid_text, strlen(uid_text), 0, ID_MAX, &uid, error) ||
	    parse_u64("SUDO_GID", gid_text, strlen(gid_text), 0, ID_MAX, &gid, error))
		return -EINVAL;
	account.uid = (uid_t)uid;
	read_account(&account);
	account.gid = (gid_t)gid;
	*ret = account;
	return 0;
}

static int set_environment(const struct account *account)
{
	if (!account->name[0])
		return 0;
	return setenv("HOME", account->home, 1) || setenv("SHELL", account->shell, 1) ||
			       setenv("USER", account->name, 1) || setenv("LOGNAME", account->name, 1)
		       ? -errno
		       : 0;
}

int account_become(const struct account *account)
{
	gid_t gid = account->gid;
	int error = account->name[0] ? set_groups(account->name, gid) : setgroups(1, &gid) ? -errno : 0;

	if (!error && (setresgid(gid, gid, gid) || setresuid(account->uid, account->uid, account->uid)))
		error = -errno;
	return error ? error : set_environment(account);
}
