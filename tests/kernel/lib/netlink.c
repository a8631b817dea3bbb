/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "require.h"

#define PATIENCE_SECONDS 10

void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags)
{
	memset(message, 0, sizeof(*message));
	message->header = (struct nlmsghdr){.nlmsg_len = NLMSG_HDRLEN,
					    .nlmsg_type = type,
					    .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | NLM_F_ACK)};
}

void netlink_put(struct netlink_message *message, const void *data, size_t size)
{
	size_t aligned = NLMSG_ALIGN(size);

	require(message->header.nlmsg_len + aligned <= sizeof(*message), "too much for one message");
	if (data)
		memcpy((uint8_t *)message + message->header.nlmsg_len, data, size);
	message->header.nlmsg_len += (uint32_t)aligned;
}

struct nlattr *netlink_put_attribute(struct netlink_message *message, uint16_t type, const void *data, size_t size)
{
	struct nlattr *attribute = (struct nlattr *)((uint8_t *)message + message->header.nlmsg_len);
	struct nlattr header = {.nla_len = (uint16_t)(NLA_HDRLEN + size),
				.nla_type = (uint16_t)(data ? type : type | NLA_F_NESTED)};

	netlink_put(message, &header, sizeof(header));
	netlink_put(message, data, size);
	return attribute;
}

void netlink_end_attribute(struct netlink_message *message, struct nlattr *attribute)
{
	uint8_t *end = (uint8_t *)message + message->header.nlmsg_len;

	attribute->nla_len = (uint16_t)(end - (uint8_t *)attribute);
}

/* Until the acknowledgement: the kernel's answer. */
static int take_answer(int fd, struct netlink_message *ret_reply)
{
	/* nlmsghdr has the strictest alignment of what comes. */
	struct netlink_message answers[8];

	for (;;) {
		ssize_t got = recv(fd, answers, sizeof(answers), 0);
		size_t left = got > 0 ? (size_t)got : 0;

		require(got > 0, "no answer over netlink");
		for (struct nlmsghdr *header = &answers[0].header; NLMSG_OK(header, left);
		     header = NLMSG_NEXT(header, left)) {
			if (header->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
			if (ret_reply && header->nlmsg_len <= sizeof(*ret_reply))
				memcpy(ret_reply, header, header->nlmsg_len);
		}
	}
}

int netlink_ask(int protocol, struct netlink_message *message, struct netlink_message *ret_reply)
{
	struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	require(send(fd, message, message->header.nlmsg_len, 0) == (ssize_t)message->header.nlmsg_len,
		"cannot send over netlink");
	error = take_answer(fd, ret_reply);
	close(fd);
	return error;
}

int netlink_family(const char *name)
{
	struct netlink_message message, reply = {0};
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	int error;

	netlink_begin_generic(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	netlink_put_attribute(&message, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	error = netlink_ask(NETLINK_GENERIC, &message, &reply);
	if (error)
		return error;
	while (at + NLA_HDRLEN <= reply.header.nlmsg_len) {
		const struct nlattr *attribute = (const struct nlattr *)((const uint8_t *)&reply + at);
		uint16_t id;

		if (attribute->nla_type == CTRL_ATTR_FAMILY_ID) {
			memcpy(&id, attribute + 1, sizeof(id));
			return id;
		}
		require(attribute->nla_len >= NLA_HDRLEN, "an attribute without a length");
		at += NLA_ALIGN(attribute->nla_len);
	}
	return -ENOENT;
}

void netlink_begin_generic(struct netlink_message *message, int family, uint8_t command, uint8_t version)
{
	struct genlmsghdr header = {.cmd = command, .version = version};

	netlink_begin(message, (uint16_t)family, 0);
	netlink_put(message, &header, sizeof(header));
}
