/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/serve.h"

#include "os/message.h"
#include "tcpvitals-exporter/listen.h"
#include "tcpvitals-exporter/socket_activation.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* Reads the web configuration. Returns 0 or a negative errno, with a message. Call web_file_close() in both cases. */
static int read_web(const struct serve *serve, struct web_file *ret)
{
	struct parse_error why;
	int error = web_file_open(serve->options->web_config, ret, &why);

	if (error)
		message("cannot use the web configuration: %s", why.text);
	return error;
}

static int start_server(struct serve *serve)
{
	int error = server_start(&serve->server, serve->options->web_config ? &serve->web : NULL, serve->loop);

	if (error)
		message("cannot serve: %s; check the certificate and the key of the web configuration",
			strerror(-error));
	return error;
}

/*
 * The web configuration has changed. One that cannot be used changes nothing: the old one stays. Returns 0, or a
 * negative errno if the server cannot go on.
 */
static int reload(struct serve *serve)
{
	struct web_file old = serve->web, web;

	web_file_close(&serve->refused);
	serve->has_refused = read_web(serve, &web);
	if (serve->has_refused) {
		serve->refused = web; /* reported once, and looked at for changes */
		return 0;
	}
	server_stop(&serve->server); /* it uses serve->web */
	serve->web = web;
	if (!start_server(serve)) {
		web_file_close(&old);
		message("the web configuration was read again");
		return 0;
	}
	serve->web = old;
	serve->refused = web;
	serve->has_refused = true;
	return start_server(serve);
}

static int add_socket(struct serve *serve, int fd)
{
	int error = server_add(&serve->server, fd);

	if (error)
		message("too many sockets to serve on; leave some out");
	return error;
}

static int add_systemd_sockets(struct serve *serve)
{
	int first, error = 0, count = socket_activation_find(&first);

	if (count < 0) {
		message(count == -EOPNOTSUPP ? "--web.systemd-socket needs a build with libsystemd; use "
					       "--web.listen-address"
					     : "systemd has opened no socket; start the socket unit, or use "
					       "--web.listen-address");
		return count;
	}
	for (int i = 0; i < count && !error; i++)
		error = add_socket(serve, first + i);
	return error;
}

/* Systemd's usual limit of 1,024 is for programs that use select(). If it stays, later clients wait. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int serve_open(const struct exporter_options *options, struct event_loop *loop, answer_request *answer, void *context,
	       struct serve *ret)
{
	struct parse_error why;
	int error = 0;

	*ret = (struct serve){.options = options, .loop = loop, .server = {.answer = answer, .context = context}};
	raise_descriptor_limit();
	if (options->systemd_socket)
		error = add_systemd_sockets(ret);
	for (size_t i = 0; i < options->address_count && !error; i++) {
		int fd = listen_open(options->addresses[i], &why);

		if (fd < 0)
			message("cannot listen: %s", why.text);
		error = fd < 0 ? fd : add_socket(ret, fd);
	}
	if (!error && options->web_config && read_web(ret, &ret->web))
		error = -EINVAL;
	return error ? error : start_server(ret);
}

void serve_report(const struct serve *serve)
{
	for (size_t i = 0; i < serve->options->address_count; i++) {
		const char *address = serve->options->addresses[i];

		const char *scheme = serve->web.cert ? "https" : "http";

		if (strncmp(address, "unix:", 5) == 0)
			message("live page at %s, path /", address);
		else if (*address == ':')
			message("live page at %s://localhost%s/, metrics at /metrics", scheme, address);
		else
			message("live page at %s://%s/, metrics at /metrics", scheme, address);
	}
}

int serve_tick(struct serve *serve)
{
	const char *path = serve->options->web_config;

	if (!path || !web_file_has_changed(path, serve->has_refused ? &serve->refused : &serve->web))
		return 0;
	return reload(serve);
}

void serve_close(struct serve *serve)
{
	server_close(&serve->server);
	web_file_close(&serve->web);
	web_file_close(&serve->refused);
}
