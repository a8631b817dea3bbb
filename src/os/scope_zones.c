/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/scope_zones.h"

#include "os/interfaces.h"

#include <errno.h>
#include <string.h>

/* Returns whether --netns admits the namespace. */
static bool admits_netns(const struct scope *scope, uint32_t netns)
{
	for (uint32_t i = 0; i < scope->number_count; i++)
		if (scope->numbers[i].number.kind == SCOPE_NETNS && scope->numbers[i].number.value == netns)
			return scope->numbers[i].sense == SCOPE_WANTED;
	return !(scope->settings.numbers[SCOPE_NETNS] & SCOPE_WANTED);
}

static bool is_found(const struct scope *scope, const char *name)
{
	for (uint32_t i = 0; i < scope->zone_count; i++)
		if (!strcmp(scope->zones[i].name, name))
			return true;
	return false;
}

/* Adds the interfaces of a name. Returns NULL, or the reason why the name is not usable. */
static const char *add_named(struct scope *scope, const char *name, const struct interface_list *interfaces)
{
	uint32_t before = scope->zone_count;
	bool elsewhere = false;

	for (size_t i = 0; i < interfaces->count; i++) {
		const struct interface *interface = &interfaces->entries[i];
		struct scope_zone *zone = &scope->zones[scope->zone_count];

		if (strcmp(interface->name, name))
			continue;
		elsewhere = true;
		if (!admits_netns(scope, interface->netns))
			continue;
		if (scope->zone_count == SCOPE_ZONES_MAX)
			return "more than 1024 interfaces have these names; select network namespaces with --netns, or "
			       "give a number (%2)";
		*zone = (struct scope_zone){.netns = interface->netns, .ifindex = interface->ifindex};
		memcpy(zone->name, interface->name, sizeof(zone->name));
		scope->zone_count++;
	}
	if (scope->zone_count > before)
		return NULL;
	return elsewhere ? "no network namespace of --netns has an interface of this name; see ip link there"
			 : "no network namespace that can be entered has an interface of this name; see ip link, or "
			   "give its number (%2)";
}

static int add_list(struct scope *scope, const char *what, const struct prefix_list *list,
		    const struct interface_list *interfaces, struct parse_error *error)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct prefix *prefix = &list->prefixes[i];
		char text[64];
		struct strbuf word = strbuf_over(text, sizeof(text));
		const char *why;

		if (!prefix->zone[0] || is_found(scope, prefix->zone))
			continue;
		why = add_named(scope, prefix->zone, interfaces);
		if (!why)
			continue;
		prefix_format(&word, prefix);
		return parse_fail(error, what, text, word.length, why);
	}
	return 0;
}

int scope_zones_find(struct scope *scope, struct parse_error *error)
{
	struct interface_list interfaces = {};
	struct netns_omissions omissions;
	int failed = 0;

	if (!scope->settings.zones)
		return 0;
	/* After an error the list is empty, so no name is found. */
	interfaces_list_all(&interfaces, &omissions);
	for (int i = 0; i < 2 && !failed; i++)
		failed = add_list(scope, "local address", &scope->laddrs[i], &interfaces, error);
	for (int i = 0; i < 2 && !failed; i++)
		failed = add_list(scope, "remote address", &scope->raddrs[i], &interfaces, error);
	interfaces_free(&interfaces);
	return failed;
}
