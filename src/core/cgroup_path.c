/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/cgroup_path.h"

#include "core/container.h"

#include <string.h>

/* Returns the next component and moves `*at` behind it. `bytes` is NULL after the last component. */
static struct name next_component(const char *path, size_t length, size_t *at)
{
	struct name component = {};

	while (*at < length && path[*at] == '/')
		++*at;
	if (*at < length) {
		const char *end = memchr(path + *at, '/', length - *at);

		component.bytes = path + *at;
		component.length = end ? (size_t)(end - component.bytes) : length - *at;
		*at += component.length;
	}
	return component;
}

static bool begins_with(struct name name, const char *beginning)
{
	size_t length = strlen(beginning);

	return name.length >= length && !memcmp(name.bytes, beginning, length);
}

/* True if `name` ends with `end` and has at least one byte in front. */
static bool ends_with(struct name name, const char *end)
{
	size_t length = strlen(end);

	return name.length > length && !memcmp(name.bytes + name.length - length, end, length);
}

/* True for a unit of a type that has processes. Slices do not count. */
static bool is_unit(struct name name)
{
	static const char *const types[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ends_with(name, types[i]))
			return true;
	return false;
}

static struct name unescape(struct name name)
{
	if (name.length && name.bytes[0] == '_') {
		name.bytes++;
		name.length--;
	}
	return name;
}

struct name cgroup_path_unit(const char *path, size_t length)
{
	struct name unit = {}, component;
	size_t at = 0;

	while ((component = next_component(path, length, &at)).bytes) {
		component = unescape(component);
		if (!is_unit(component))
			continue;
		unit = component;
		if (!begins_with(unit, "user@"))
			break;
	}
	return unit;
}

struct name cgroup_path_container(const char *path, size_t length)
{
	struct name container = {}, component;
	size_t at = 0;

	while ((component = next_component(path, length, &at)).bytes) {
		const char *id = container_id(component.bytes, component.length);

		if (id)
			container = (struct name){id, CONTAINER_ID_LENGTH};
	}
	return container;
}

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/*
 * Returns the length of the uid at the beginning of `text`, or 0. A uid has 32 digits, plain or with dashes as
 * 8-4-4-4-12.
 */
static size_t uid_length(struct name text)
{
	size_t digits = 0, dashes = 0;

	for (size_t i = 0; i < text.length; i++) {
		bool dash_is_due = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_digit(text.bytes[i]))
			digits++;
		else if ((text.bytes[i] == '-' || text.bytes[i] == '_') && dash_is_due)
			dashes++;
		else
			break;
	}
	return digits == 32 && (dashes == 0 || dashes == 4) ? digits + dashes : 0;
}

/*
 * Returns the length of the uid in `rest`, the text behind "pod", or 0. Only ".slice" (systemd), and what containerd
 * appends to that, may follow the uid.
 */
static size_t pod_length(struct name rest)
{
	size_t length = uid_length(rest);
	struct name end = {rest.bytes + length, rest.length - length};

	if (!length)
		return 0;
	return !end.length || begins_with(end, ".slice") ? length : 0;
}

/*
 * Returns the uid in "podUID", "kubepods-podUID.slice" or "kubepods-burstable-podUID.slice:cri-containerd:ID". `bytes`
 * is NULL if there is none.
 */
static struct name pod_of_component(struct name component)
{
	static const char *const beginnings[] = {"pod", "kubepods-pod", "kubepods-burstable-pod",
						 "kubepods-besteffort-pod"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		size_t length = strlen(beginnings[i]);
		struct name uid = {component.bytes + length, component.length - length};

		if (!begins_with(component, beginnings[i]))
			continue;
		uid.length = pod_length(uid);
		if (uid.length)
			return uid;
	}
	return (struct name){};
}

/*
 * Returns the component from "kubepods" on: kind and other tools put names of their own in front. `bytes` is NULL if
 * "kubepods" is missing.
 */
static struct name from_kubepods(struct name component)
{
	const char *found = memmem(component.bytes, component.length, "kubepods", strlen("kubepods"));

	return found ? (struct name){found, component.length - (size_t)(found - component.bytes)} : (struct name){};
}

size_t cgroup_path_pod(const char *path, size_t length, char ret[POD_UID_LENGTH])
{
	struct name found = {}, component;
	bool below_kubepods = false;
	size_t at = 0;

	while ((component = next_component(path, length, &at)).bytes) {
		struct name kubepods = from_kubepods(component), pod;

		below_kubepods |= kubepods.bytes != NULL;
		pod = pod_of_component(kubepods.bytes ? kubepods : component);
		if (below_kubepods && pod.bytes)
			found = pod;
	}
	for (size_t i = 0; i < found.length; i++)
		ret[i] = found.bytes[i] == '_' ? '-' : found.bytes[i];
	return found.length;
}
