/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/resolver.h"

#include "os/clock.h"
#include "os/pid_namespace.h"

#include <errno.h>
#include <string.h>

static const char *cgroup_reason(int error)
{
	return error == -ENOENT ? "cgroup v2 is not mounted here; try: mount -t cgroup2 none DIRECTORY"
				: strerror(-error);
}

size_t resolver_open(unsigned int asked, uint32_t pidns, struct resolver *ret,
		     struct resolver_error errors[RESOLVER_ERRORS])
{
	size_t count = 0;
	int error;

	*ret = (struct resolver){.names.asked = asked};
	if (asked & NAMES_CGROUP && (error = cgroup_names_open(&ret->cgroups)))
		errors[count++] = (struct resolver_error){"cgroups", cgroup_reason(error)};
	if (asked & NAMES_NETNS && (error = netns_names_open(NETNS_DIRECTORY, &ret->netns)))
		errors[count++] = (struct resolver_error){"network namespaces", strerror(-error)};
	ret->netns.without_processes = !pid_namespace_has_proc(pidns);
	if (asked & NAMES_SERVICES && (error = services_open(SERVICES_FILE, &ret->services)))
		errors[count++] = (struct resolver_error){"services in " SERVICES_FILE, strerror(-error)};
	return count;
}

void resolver_close(struct resolver *resolver)
{
	cgroup_names_close(&resolver->cgroups);
	netns_names_close(&resolver->netns);
	services_close(&resolver->services);
	interface_names_close(&resolver->interfaces);
}

const struct names *resolver_find(struct resolver *resolver, uint64_t cgroup_id, uint32_t netns, uint32_t pid)
{
	struct names *names = &resolver->names;

	if (!names->asked)
		return NULL;
	*names = (struct names){.asked = names->asked};
	if (resolver->cgroups.entries && cgroup_id)
		cgroup_names_find(&resolver->cgroups, cgroup_id, names);
	if (resolver->netns.table && netns)
		names->netns = netns_names_find(&resolver->netns, netns, pid, clock_monotonic_ns());
	return names;
}

const struct names *resolver_zone(struct resolver *resolver, uint32_t netns, uint32_t ifindex)
{
	struct names *names = &resolver->names;

	if (!names->asked)
		*names = (struct names){};
	names->zone = interface_names_find(&resolver->interfaces, netns, ifindex, clock_monotonic_ns());
	return names;
}

const struct names *resolver_group(struct resolver *resolver, const struct grouping *grouping,
				   const struct group_key *key)
{
	struct grouping_ids ids = grouping_ids(grouping, key);
	const struct names *names = resolver_find(resolver, ids.cgroup_id, ids.netns, ids.pid);

	return ids.has_zone && ids.ifindex ? resolver_zone(resolver, ids.netns, ids.ifindex) : names;
}

const struct names *resolver_names(struct resolver *resolver, const struct transition *event)
{
	struct names *names = &resolver->names;
	const struct owner *owner = &event->owner;
	bool owned = owner->source != OWNER_UNKNOWN;

	if (resolver_find(resolver, owned ? owner->cgroup_id : 0, event->netns, owned ? owner->pid : 0) &&
	    resolver->services.names) {
		names->lservice = services_name(&resolver->services, event->lport);
		names->rservice = services_name(&resolver->services, event->rport);
	}
	if (resolver_has_zone(event))
		return resolver_zone(resolver, event->netns, event->ifindex);
	return names->asked ? names : NULL;
}
