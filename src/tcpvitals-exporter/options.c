/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/options.h"

#include "os/command_line.h"

#define SECOND_NS 1000000000ULL

#define DEFAULT_ADDRESS "127.0.0.1:10435"

#define MAX_GROUPS_DEFAULT 512
#define MAX_GROUPS_LIMIT   65536
/* With fewer, not even the metrics without groups have room. */
#define MAX_SERIES_LEAST 400
#define PLACES_DEFAULT   2
#define MAX_SERIES_LIMIT 1000000

/* Series without groups, and of one group, in the text formats. */
#define SERIES_OF_HOST  330
#define SERIES_OF_GROUP 50

enum {
	KEY_ADDRESS = 0x100,
	KEY_WEB_CONFIG,
	KEY_SYSTEMD_SOCKET,
	KEY_TEXTFILE,
	KEY_LABEL,
	KEY_SAMPLE,
	KEY_MAX_GROUPS,
	KEY_MAX_SERIES,
	KEY_STUCK,
	KEY_INTERVAL
};

static const struct argp_option option_table[] = {
	{0, 0, 0, 0, "Where to serve:", 1},
	{"web.listen-address", KEY_ADDRESS, "ADDRESS", 0, "HOST:PORT, :PORT or unix:PATH; repeatable", 1},
	{"web.systemd-socket", KEY_SYSTEMD_SOCKET, 0, 0, "the sockets of a systemd socket unit", 1},
	{"web.config.file", KEY_WEB_CONFIG, "FILE", 0, "TLS and users, as for other exporters", 1},
	{"textfile", KEY_TEXTFILE, "FILE", 0, "write the metrics to FILE, and do not serve by default", 1},
	{0, 0, 0, 0, "What to show:", 2},
	{"label", KEY_LABEL, "WORDS", 0, "one or two labels, see below (default port)", 2},
	{"sample", KEY_SAMPLE, "KIND", 0, "round-trip times: srtt (the default) or rtt", 2},
	{"stuck-longer", KEY_STUCK, "TIME", 0, "a stuck socket is older (default 60s)", 2},
	{"interval", KEY_INTERVAL, "TIME", 0, "look at all sockets every TIME (default 10s)", 2},
	{"max-series", KEY_MAX_SERIES, "N", 0, "series (default 450, or 120 native); the rest is \"other\"", 2},
	{"max-groups", KEY_MAX_GROUPS, "N", 0, "groups to count (default 512)", 2},
	SCOPE_OPTIONS(3, 0, 0),
	{0, 0, 0, 0, "What to rely on:", 4},
	{"duration", 'd', "TIME", 0, "end after TIME", 4},
	APP_HOOK_OPTIONS(4, "auto or tp_btf"),
	APP_HELP_OPTIONS,
	{0},
};

static const char documentation[] =
	"Export what the TCP connections of this host do as metrics for Prometheus.\v"
	"Examples:\n"
	"  tcpvitals-exporter                       # http://127.0.0.1:10435/metrics\n"
	"  tcpvitals-exporter --web.listen-address :10435\n"
	"  tcpvitals-exporter --label unit,role\n"
	"  tcpvitals-exporter --label prefix:24 --max-series 2000\n"
	"\n"
	"WORDS of --label: one or two of port (of the listening side), role, comm, unit, container, pod, cgroup, "
	"netns, prefix:LEN[/LEN6] (of the remote address); or none.\n"
	"Needs root or CAP_BPF+CAP_PERFMON. Manual: tcpvitals-exporter(8).\n"
	"Exit status: 0; 1 runtime error; 2 wrong command line.";

static error_t parse_metrics(int key, const char *argument, const struct argp_state *state,
			     struct exporter_options *options)
{
	static const char *const samples[] = {"srtt", "rtt", NULL};
	struct parse_error error;

	switch (key) {
	case KEY_LABEL:
		if (labels_parse(argument, &options->labels, &error))
			command_line_fail(state, &error);
		return 0;
	case KEY_SAMPLE:
		options->sample = command_line_choose(state, "sample", argument, samples, "not one of srtt, rtt");
		return 0;
	case KEY_STUCK:
		options->stuck_ns = command_line_time(state, "time", argument, SECOND_NS);
		return 0;
	case KEY_INTERVAL:
		options->walk_ns = command_line_time(state, "interval", argument, SECOND_NS);
		return 0;
	case KEY_MAX_GROUPS:
		options->max_groups = command_line_number(state, "number of groups", argument, MAX_GROUPS_LIMIT);
		return 0;
	case KEY_MAX_SERIES:
		options->max_series = command_line_number(state, "number of series", argument, MAX_SERIES_LIMIT);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct exporter_options *options = state->input;
	error_t result = parse_metrics(key, argument, state, options);
	struct parse_error error;

	if (result != ARGP_ERR_UNKNOWN)
		return result;
	switch (key) {
	case KEY_ADDRESS:
		if (options->address_count == ADDRESSES_MAX) {
			parse_refuse(&error, "at most 8 addresses; leave some --web.listen-address out");
			command_line_fail(state, &error);
		}
		options->addresses[options->address_count++] = argument;
		return 0;
	case KEY_WEB_CONFIG:
		options->web_config = argument;
		return 0;
	case KEY_SYSTEMD_SOCKET:
		options->systemd_socket = true;
		return 0;
	case KEY_TEXTFILE:
		options->textfile = argument;
		return 0;
	case 'd':
		options->app.duration_ns = command_line_time(state, "duration", argument, PARSE_TIME_MS);
		return 0;
	case ARGP_KEY_END:
		if (options->max_series && options->max_series < MAX_SERIES_LEAST)
			argp_error(state, "--max-series is too small for one group; give at least 400");
		app_options_end(state, true, &options->app);
		return 0;
	}
	return app_option(key, argument, state, &options->app);
}

void exporter_options_parse(int argc, char **argv, struct exporter_options *ret)
{
	const struct argp argp = {option_table, parse_option, NULL, documentation, NULL, NULL, NULL};
	struct parse_error error;

	*ret = (struct exporter_options){
		.app = {.hash_size = APP_HASH_SIZE_DEFAULT, .hooks_allowed = 1 << HOOK_TP_BTF},
		.max_groups = MAX_GROUPS_DEFAULT,
		.stuck_ns = 60 * SECOND_NS,
		.walk_ns = 10 * SECOND_NS,
	};
	labels_parse("port", &ret->labels, &error);
	command_line_parse(&argp, argc, argv, "tcpvitals-exporter " TCPVITALS_VERSION, ret);
	if (!ret->address_count && !ret->systemd_socket && !ret->textfile)
		ret->addresses[ret->address_count++] = DEFAULT_ADDRESS;
	ret->app.names |= grouping_names(&ret->labels.grouping);
}

size_t exporter_places(const struct exporter_options *options)
{
	size_t groups = (options->max_series - SERIES_OF_HOST) / SERIES_OF_GROUP;

	if (!options->max_series)
		return PLACES_DEFAULT;
	/* One is "other". */
	return groups > 1 ? groups - 1 : 0;
}
