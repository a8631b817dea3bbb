/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/interfaces.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_NS 1000000000ULL

_Static_assert(ZONE_NAME_MAX + 1 == IF_NAMESIZE, "a zone is called as its interface");

/* Reads the inode number of the calling thread's network namespace. Returns 0 or a negative errno. */
static int current_netns(uint32_t *ret)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st) < 0)
		return -errno;
	*ret = (uint32_t)st.st_ino;
	return 0;
}

/* Returns NULL if out of memory, or with INTERFACES_MAX entries in the list. */
static struct interface *new_entry(struct interface_list *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct interface *entries;

		if (list->room >= INTERFACES_MAX)
			return NULL;
		entries = reallocarray(list->entries, room, sizeof(*entries));
		if (!entries)
			return NULL;
		list->entries = entries;
		list->room = room;
	}
	return &list->entries[list->count++];
}

/*
 * Adds the interfaces of the calling thread's network namespace, up to INTERFACES_MAX in all. Returns 0 or a negative
 * errno.
 */
static int add_current(void *context)
{
	struct interface_list *list = context;
	struct if_nameindex *found;
	uint32_t netns;
	int error = current_netns(&netns);

	if (error)
		return error;
	found = if_nameindex();
	if (!found)
		return errno == ENOBUFS ? -ENOMEM : -errno;
	for (struct if_nameindex *each = found; each->if_index; each++) {
		struct interface *entry = new_entry(list);

		if (!entry)
			break;
		*entry = (struct interface){.netns = netns, .ifindex = each->if_index};
		snprintf(entry->name, sizeof(entry->name), "%s", each->if_name);
	}
	if_freenameindex(found);
	return 0;
}

int interfaces_list_own(struct interface_list *ret)
{
	struct interface_list list = {};
	int error = add_current(&list);

	if (!error)
		*ret = list;
	else
		interfaces_free(&list);
	return error;
}

int interfaces_list_all(struct interface_list *ret, struct netns_omissions *ret_omissions)
{
	struct interface_list list = {};
	int error = netns_visit_all(add_current, &list, ret_omissions);

	if (!error)
		*ret = list;
	else
		interfaces_free(&list);
	return error;
}

void interfaces_free(struct interface_list *list)
{
	free(list->entries);
	*list = (struct interface_list){};
}

void interface_names_close(struct interface_names *names)
{
	interfaces_free(&names->own);
	interfaces_free(&names->all);
}

static const char *find(const struct interface_list *list, uint32_t netns, uint32_t ifindex)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].ifindex == ifindex && list->entries[i].netns == netns)
			return list->entries[i].name;
	return NULL;
}

/* Returns whether the list is too old. Then it is emptied for a new listing. */
static bool is_outdated(uint64_t *listed_ns, uint64_t now_ns, struct interface_list *list)
{
	if (*listed_ns && now_ns - *listed_ns <= CACHE_NS)
		return false;
	*listed_ns = now_ns;
	interfaces_free(list);
	return true;
}

static const char *find_name(struct interface_names *names, uint32_t netns, uint32_t ifindex, uint64_t now_ns)
{
	struct netns_omissions omissions;

	if (!names->own_netns && current_netns(&names->own_netns))
		return NULL;
	if (netns == names->own_netns) {
		if (is_outdated(&names->own_ns, now_ns, &names->own))
			interfaces_list_own(&names->own);
		return find(&names->own, netns, ifindex);
	}
	if (is_outdated(&names->all_ns, now_ns, &names->all))
		interfaces_list_all(&names->all, &omissions);
	return find(&names->all, netns, ifindex);
}

struct name interface_names_find(struct interface_names *names, uint32_t netns, uint32_t ifindex, uint64_t now_ns)
{
	const char *name = netns ? find_name(names, netns, ifindex, now_ns) : NULL;

	if (!name) {
		snprintf(names->number, sizeof(names->number), "%u", ifindex);
		name = names->number;
	}
	return (struct name){name, strlen(name)};
}
