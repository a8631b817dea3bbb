/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool has_capability(cap_t caps, cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;

	return caps && !cap_get_flag(caps, capability, CAP_EFFECTIVE, &value) && value == CAP_SET;
}

/* CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON on every kernel. */
bool privileges_suffice(void)
{
	cap_t caps = cap_get_proc();
	bool may = has_capability(caps, CAP_SYS_ADMIN) ||
		   (has_capability(caps, CAP_BPF) && has_capability(caps, CAP_PERFMON));

	cap_free(caps);
	return may;
}

static bool has_one(cap_value_t capability)
{
	cap_t caps = cap_get_proc();
	bool may = has_capability(caps, capability);

	cap_free(caps);
	return may;
}

bool privileges_see_processes(void)
{
	return has_one(CAP_SYS_PTRACE);
}

bool privileges_set_priority(void)
{
	return has_one(CAP_SYS_NICE);
}

static bool file_says(const char *path, const char *text)
{
	char contents[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, contents, sizeof(contents) - 1);
	close(fd);
	if (length < 0)
		return false;
	contents[length] = '\0';
	return strstr(contents, text);
}

/* The initial user namespace maps all 2^32 - 1 ids onto themselves. */
static bool in_user_namespace(void)
{
	return access("/proc/self/uid_map", R_OK) == 0 && !file_says("/proc/self/uid_map", "4294967295");
}

static const char *refusal(void)
{
	if (in_user_namespace())
		return "capabilities count only inside this user namespace; run the tool in the initial user namespace";
	if (file_says("/sys/kernel/security/lockdown", "[confidentiality]"))
		return "kernel lockdown forbids reading kernel memory (/sys/kernel/security/lockdown says "
		       "confidentiality); boot with lockdown=integrity";
	if (prctl(PR_GET_SECCOMP) > 0)
		return "a seccomp filter is active and may forbid bpf(2) (a container's default profile does); allow "
		       "bpf and perf_event_open";
	return "the kernel refuses this despite the capabilities, perhaps for an LSM policy; -v shows more";
}

void privileges_explain(int error, char *ret, size_t size)
{
	if ((error == -EPERM || error == -EACCES) && !privileges_suffice())
		snprintf(ret, size, "needs root or CAP_BPF+CAP_PERFMON; try sudo");
	else if (error == -EPERM || error == -EACCES)
		snprintf(ret, size, "%s: %s", strerror(-error), refusal());
	else if (error == -EMFILE)
		snprintf(ret, size, "too many open files for this process; try: ulimit -n 64");
	else
		snprintf(ret, size, "%s; -v shows the messages of libbpf and the kernel", strerror(-error));
}
