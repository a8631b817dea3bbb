/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/journal.h"

#include "core/address.h"
#include "core/cause.h"
#include "core/escape.h"
#include "core/owner.h"
#include "core/strbuf.h"
#include "core/tcp_state.h"
#include "core/zone.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
/* else every entry would have CODE_FILE, CODE_LINE and CODE_FUNC */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

/* journald's socket for native entries: sd_journal_sendv() in systemd's src/libsystemd/sd-journal/journal-send.c */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

#define NS_PER_US 1000

/* A field of an entry is the text that is appended to `out` between field_begin() and field_end(). */
static void field_begin(struct journal_entry *entry, const struct strbuf *out)
{
	entry->fields[entry->count].iov_base = out->data + out->length;
}

static void field_end(struct journal_entry *entry, const struct strbuf *out)
{
	struct iovec *field = &entry->fields[entry->count++];

	field->iov_len = out->data + out->length - (char *)field->iov_base;
}

static void add_u64(struct journal_entry *entry, struct strbuf *out, const char *name, uint64_t value)
{
	field_begin(entry, out);
	strbuf_append_string(out, name);
	strbuf_append_u64(out, value);
	field_end(entry, out);
}

static void add_bytes(struct journal_entry *entry, struct strbuf *out, const char *name, const char *bytes,
		      size_t length)
{
	field_begin(entry, out);
	strbuf_append_string(out, name);
	strbuf_append(out, bytes, length);
	field_end(entry, out);
}

static void add_state(struct journal_entry *entry, struct strbuf *out, const char *name, unsigned int state)
{
	field_begin(entry, out);
	strbuf_append_string(out, name);
	tcp_state_format(out, state);
	field_end(entry, out);
}

/* bcc names the fields of addresses after their family. */
static void add_address(struct journal_entry *entry, struct strbuf *out, const char *which, uint8_t ip_version,
			const uint8_t address[16])
{
	field_begin(entry, out);
	strbuf_append_string(out, ip_version == 4 ? "OBJECT_IPV4_" : "OBJECT_IPV6_");
	strbuf_append_string(out, which);
	address_format(out, ip_version, address);
	field_end(entry, out);
}

static void append_address(struct strbuf *out, const struct transition *event, const uint8_t address[16],
			   struct name zone)
{
	char text[ZONE_TEXT_MAX + APPEND_SLACK];

	escape_name(out, text, zone_append_address(text, event->ip_version, address, event->ifindex, zone) - text,
		    SIZE_MAX, NULL);
}

/* MESSAGE is for people and safe on a terminal; the other fields are for programs. */
static void add_message(struct journal_entry *entry, struct strbuf *out, const struct transition *event,
			struct name zone)
{
	const struct owner *owner = &event->owner;

	field_begin(entry, out);
	strbuf_append_literal(out, "MESSAGE=");
	if (owner->source == OWNER_UNKNOWN)
		strbuf_append_char(out, '-');
	else
		escape_name(out, owner->comm, escape_field_length(owner->comm, sizeof(owner->comm)), SIZE_MAX, NULL);
	strbuf_append_char(out, ' ');
	append_address(out, event, event->laddr, zone);
	strbuf_append_char(out, ' ');
	strbuf_append_u64(out, event->lport);
	strbuf_append_literal(out, " → ");
	append_address(out, event, event->raddr, zone);
	strbuf_append_char(out, ' ');
	strbuf_append_u64(out, event->rport);
	strbuf_append_char(out, ' ');
	tcp_state_format(out, event->oldstate);
	strbuf_append_literal(out, " → ");
	tcp_state_format(out, event->newstate);
	field_end(entry, out);
}

static void add_interface(struct journal_entry *entry, struct strbuf *out, const struct transition *event,
			  struct name zone)
{
	if (!event->ifindex)
		return;
	add_u64(entry, out, "OBJECT_TCP_IFINDEX=", event->ifindex);
	if (zone.bytes)
		add_bytes(entry, out, "OBJECT_TCP_ZONE=", zone.bytes, zone.length);
}

void journal_entry_build(struct journal_entry *ret, const struct transition *event, const struct names *names,
			 const struct timebase *base)
{
	struct name zone = names ? names->zone : (struct name){};
	struct strbuf out = strbuf_over(ret->text, sizeof(ret->text));
	const struct owner *owner = &event->owner;
	const char *cause = cause_name(event->cause);

	ret->count = 0;
	add_message(ret, &out, event, zone);
	add_bytes(ret, &out, "SYSLOG_IDENTIFIER=", "tcpstates", strlen("tcpstates"));
	add_u64(ret, &out, "PRIORITY=", 5); /* LOG_NOTICE */
	add_u64(ret, &out, "SOURCE_REALTIME_TIMESTAMP=",
		(uint64_t)clock_history_realtime_ns(&base->clocks, event->time_ns) / NS_PER_US);
	if (owner->source != OWNER_UNKNOWN) {
		if (owner_has_pid(owner))
			add_u64(ret, &out, "OBJECT_PID=", owner->pid);
		add_bytes(ret, &out, "OBJECT_COMM=", owner->comm,
			  escape_field_length(owner->comm, sizeof(owner->comm)));
	}
	add_address(ret, &out, "SOURCE_ADDRESS=", event->ip_version, event->laddr);
	add_u64(ret, &out, "OBJECT_TCP_SOURCE_PORT=", event->lport);
	add_address(ret, &out, "DESTINATION_ADDRESS=", event->ip_version, event->raddr);
	add_u64(ret, &out, "OBJECT_TCP_DESTINATION_PORT=", event->rport);
	add_interface(ret, &out, event, zone);
	add_state(ret, &out, "OBJECT_TCP_OLD_STATE=", event->oldstate);
	add_state(ret, &out, "OBJECT_TCP_NEW_STATE=", event->newstate);
	if (event->duration_ns != DURATION_UNKNOWN && !(event->flags & TRANSITION_AT_LEAST))
		add_u64(ret, &out, "OBJECT_TCP_SPAN_TIME=", event->duration_ns / NS_PER_US);
	if (cause)
		add_bytes(ret, &out, "OBJECT_TCP_CAUSE=", cause, strlen(cause));
}

int journal_connect(const char *path, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		error = -errno;
		close(fd);
		/* the socket of a journald that has ended */
		return error == -ECONNREFUSED ? -ENOENT : error;
	}
	*ret_fd = fd;
	return 0;
}

bool journal_is_ready(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLOUT};

	return poll(&polled, 1, 0) != 0;
}

#ifdef HAVE_LIBSYSTEMD

int journal_open(int *ret_fd)
{
	return journal_connect(JOURNAL_SOCKET, ret_fd);
}

int journal_transition(const struct transition *event, const struct names *names, const struct timebase *base)
{
	struct journal_entry entry;

	journal_entry_build(&entry, event, names, base);
	return sd_journal_sendv(entry.fields, (int)entry.count);
}

#else

int journal_open(int *ret_fd)
{
	(void)ret_fd;
	return -EOPNOTSUPP;
}

int journal_transition(const struct transition *event, const struct names *names, const struct timebase *base)
{
	(void)event;
	(void)names;
	(void)base;
	return -EOPNOTSUPP;
}

#endif
