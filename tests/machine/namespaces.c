/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions about user, network and time namespaces, and about netem and TUN devices in a network namespace. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../kernel/lib/netem.h"
#include "questions.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* True when this process is in a namespace of its own; otherwise that is the answer. */
static bool enter_namespace(int flag, struct answer *answer)
{
	if (!unshare(flag))
		return true;
	answer_refused(answer, errno);
	return false;
}

void namespaces_try_user(const char *unused, struct answer *answer)
{
	(void)unused;
	if (enter_namespace(CLONE_NEWUSER, answer))
		answer_set(answer, YES, "%s", "");
}

void namespaces_try_network(const char *unused, struct answer *answer)
{
	(void)unused;
	if (enter_namespace(CLONE_NEWNET, answer))
		answer_set(answer, YES, "%s", "");
}

/* And setting its clocks, which takes CAP_SYS_TIME. */
void namespaces_try_time(const char *unused, struct answer *answer)
{
	static const char offsets[] = "monotonic 1 0\n";
	int fd;

	(void)unused;
	if (!enter_namespace(CLONE_NEWTIME, answer))
		return;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, offsets, strlen(offsets)) != (ssize_t)strlen(offsets))
		answer_refused(answer, errno);
	else
		answer_set(answer, YES, "%s", "");
	if (fd >= 0)
		close(fd);
}

void namespaces_try_netem(const char *unused, struct answer *answer)
{
	const struct netem netem = {.delay_us = 1000};
	int error;

	(void)unused;
	if (!enter_namespace(CLONE_NEWNET, answer))
		return;
	error = netem_set_here("lo", &netem);
	if (error == -ENOENT)
		answer_set(answer, NO, "no sch_netem (CONFIG_NET_SCH_NETEM)");
	else if (error)
		answer_refused(answer, -error);
	else
		answer_set(answer, YES, "%s", "");
}

void namespaces_try_tun(const char *unused, struct answer *answer)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd;

	(void)unused;
	if (!enter_namespace(CLONE_NEWNET, answer))
		return;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		answer_refused(answer, errno);
	else
		answer_set(answer, YES, "%s", "");
	if (fd >= 0)
		close(fd);
}
