/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/app.h"

#include "app/hangup.h"
#include "app/output.h"
#include "app/scope_watch.h"
#include "os/command.h"
#include "os/host.h"
#include "os/message.h"
#include "os/priority.h"
#include "probe/attempts.h"
#include "probe/scan.h"

#include <string.h>
#include <time.h>

/* Opens the resolver. Without some of the names, rows still have the numbers. */
static void open_names(struct app *app)
{
	struct resolver_error errors[RESOLVER_ERRORS];
	size_t count =
		resolver_open(app->options->names, app->options->scope.settings.pidns_ino, &app->resolver, errors);

	for (size_t i = 0; i < count; i++)
		message("cannot read the names of %s, so numbers are shown: %s", errors[i].what, errors[i].why);
}

static void begin_fleet(struct app *app)
{
	struct timespec now;
	struct host host;

	host_read(&host);
	clock_gettime(CLOCK_REALTIME, &now);
	json_host_begin(&app->host, host.name, host.boot_id,
			(uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

int app_open(struct app_options *options, const struct probe_wants *wants, struct sink *sink, struct app *app)
{
	struct probe_error why;
	int error;

	*app = APP_CLOSED;
	app->options = options;
	app->sink = sink;
	error = sink ? output_open(&options->command, sink, &app->out_fd, &app->out_name) : 0;
	if (error)
		return error;
	open_names(app);
	if (options->fleet)
		begin_fleet(app);
	scope_watch_begin(&options->scope);
	error = event_loop_open(command_output_file(&options->command), &app->loop);
	if (error) {
		message("cannot wait for events: %s", strerror(-error));
		return error;
	}
	error = probe_open(wants, &app->probe, &why);
	if (error)
		message("cannot load the BPF programs: %s", why.text);
	return error;
}

int app_launch(struct app *app, bool wants_priority)
{
	priority_begin(wants_priority && !app->options->command.no_priority, app->options->verbose);
	return command_launch(&app->options->command.command, &app->loop);
}

int app_begin(struct app *app, uint64_t interval_ns)
{
	int error = app->sink ? event_loop_add_output(&app->loop, app->sink->fd) : 0;

	for (size_t i = 0; !error && i < app->probe.rings.count; i++)
		error = event_loop_add_input(&app->loop, app->probe.rings.ring[i].map_fd);
	if (!error && interval_ns)
		error = event_loop_add_interval(&app->loop, interval_ns);
	if (!error && app->options->duration_ns)
		error = event_loop_add_deadline(&app->loop, app->options->duration_ns);
	return error;
}

void app_begin_output(struct app *app)
{
	if (app->options->records)
		record_begin(&app->record, app->probe.wants.tool, app->probe.hook, app->sink);
}

void app_end_output(struct app *app, const struct loss_report *losses)
{
	if (app->options->records)
		record_end(&app->record, losses, app->sink);
	sink_sync(app->sink);
}

void app_report(const struct app *app)
{
	const struct probe *probe = &app->probe;

	if (!app->options->verbose)
		return;
	if (!probe->rings.count)
		message("%s, sockets remembered in %s", probe->hook, probe->storage);
	else
		message(probe->rings.count == 1
				? "%s/inet_sock_set_state, sockets remembered in %s, %zu ring buffer of %zu KiB"
				: "%s/inet_sock_set_state, sockets remembered in %s, %zu ring buffers of %zu KiB",
			probe->hook, probe->storage, probe->rings.count, probe->rings.size / 1024);
	if (probe->wants.owners)
		message(probe_counts_accepts(probe) ? "%s shows who accepts a connection"
						    : "%s shows who accepts a connection; this kernel does not count "
						      "the accepts that it misses",
			probe_accept_hook(probe));
	if (probe->wants.emits & EMIT_SCANS)
		message("%s scans the connections", scan_iterator(probe));
	if (probe->wants.emits != EMIT_SAMPLES)
		message("%s shows why a connection ended", probe->vitals ? "the socket" : "nothing");
	if (app->options->scope.settings.pidns_ino && probe->wants.owners)
		message("pids are of this pid namespace; for the pids of the host use --pid-namespace=host");
	message("tracing");
}

void app_tick(struct app *app)
{
	scope_watch_tick(&app->options->scope, &app->probe, app->options->verbose);
}

void app_detach(struct app *app)
{
	probe_detach(&app->probe);
	attempts_report(&app->probe);
	hangup_report_end(&app->loop);
}

int app_close(struct app *app, int status)
{
	if (!app->options)
		return status; /* never opened */
	probe_close(&app->probe);
	status = command_outcome(&app->options->command.command, &app->loop, status);
	event_loop_close(&app->loop);
	if (app->sink)
		sink_close(app->sink);
	resolver_close(&app->resolver);
	return status;
}
