/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one table of columns of a transition: names, widths and how a value is written. Headers, text, wide text, CSV and
 * -O all come from it.
 */
#ifndef TCPVITALS_CORE_COLUMN_H
#define TCPVITALS_CORE_COLUMN_H

#include "abi/transition.h"
#include "core/escape.h"
#include "core/names.h"
#include "core/parse.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum column_id {
	COLUMN_TIME,      /* TIME      %-8s     local wall time of the event */
	COLUMN_ELAPSED,   /* TIME(s)   %-9s     seconds since the first event; -O also takes ELAPSED for it */
	COLUMN_TIMESTAMP, /* TIMESTAMP %-27s    RFC 3339, UTC */
	COLUMN_SKADDR,    /* SKADDR    %-16s    hexadecimal */
	COLUMN_COOKIE,    /* COOKIE    %-10s    unknown when 0 */
	COLUMN_SEQ,       /* SEQ       %-3s     conn_seq */
	COLUMN_PID,       /* PID       %-7s     unknown without an owner */
	COLUMN_COMM,      /* COMM      %-10.10s (cut: nine and a '+'), wide %-16s; unknown without an owner */
	COLUMN_OWNER,     /* OWNER     %-8s     owner_source_append() */
	COLUMN_UID,       /* UID       %-6s     the socket's, unknown for UID_UNKNOWN */
	COLUMN_CGROUP,    /* CGROUP    %-8s     cgroup id, unknown without an owner or when 0 */
	COLUMN_NETNS,     /* NETNS     %-10s    unknown when 0 */
	COLUMN_IP,        /* IP        %-2s     4 or 6 */
	COLUMN_LADDR,     /* LADDR     %-15s, wide %-39s */
	COLUMN_LPORT,     /* LPORT     %-5s */
	COLUMN_RADDR,     /* RADDR     %-15s, wide %-39s */
	COLUMN_RPORT,     /* RPORT     %-5s */
	COLUMN_OLDSTATE,  /* OLDSTATE  %-11s */
	COLUMN_NEWSTATE,  /* NEWSTATE  %-11s    after OLDSTATE, text puts "-> " between the two */
	COLUMN_MS, /* MS        %-10s    duration in milliseconds, unknown for DURATION_UNKNOWN and a lower bound */
	COLUMN_SYNRETRANS, /* SYNRETRANS %-10s  unknown but where a handshake ends */
	COLUMN_CAUSE,      /* CAUSE     %-22s    cause_name(), unknown but for an end */
	COLUMN_STATE,      /* STATE     %-11s    of --stuck, instead of OLDSTATE and NEWSTATE */
	COLUMN_SINCE,      /* SINCE     %-27s    RFC 3339, UTC: when the (old) state was entered; unknown as MS is */
	COLUMN_ATLEAST,    /* ATLEAST   %-10s    lower bound of MS, unknown for DURATION_UNKNOWN */
	COLUMN_CGPATH,     /* CGPATH    %-40s    path of the cgroup; its id when it has none, unknown without an id */
	COLUMN_UNIT,       /* UNIT      %-24s    systemd unit */
	COLUMN_CONTAINER,  /* CONTAINER %-12.12s, wide and CSV: the full id */
	COLUMN_POD,        /* POD       %-36s    uid of the Kubernetes pod */
	COLUMN_NETNSNAME,  /* NETNSNAME %-12s    its inode when it has no name, unknown when that is 0 */
	COLUMN_COUNT
};

/* How the value is written: `wide` matters to text alone. Unknown is "-" in text and an empty field in CSV. */
enum column_style {
	COLUMN_STYLE_TEXT,
	COLUMN_STYLE_WIDE,
	COLUMN_STYLE_CSV
};

/*
 * No line of any format is longer, its newline and APPEND_SLACK included, whatever the event holds: there must be this
 * much room for a row.
 */
#define ROW_TEXT_MAX 2048

/* That much longer with names: those from directories have at most PATH_MAX and NAME_MAX bytes, of up to six each. */
#define ROW_NAMES_MAX 32768

struct column_list {
	uint8_t ids[COLUMN_COUNT]; /* enum column_id, in the order of printing */
	size_t count;              /* at least one */
	cell_width *width;         /* of a character in text; NULL: one cell each */
};

/*
 * The peers' columns: [TIME] [TIME(s)] SKADDR PID COMM [IP, in wide and CSV] LADDR LPORT RADDR RPORT OLDSTATE NEWSTATE
 * MS.
 */
struct column_list column_list_default(enum column_style style, bool time, bool elapsed);

/* Of --stuck: [TIME] [TIME(s)] PID COMM OWNER [IP] LADDR LPORT RADDR RPORT STATE SINCE ATLEAST. */
struct column_list column_list_stuck(enum column_style style, bool time, bool elapsed);

/* Of -c: [TIME] [TIME(s)] PID COMM [IP] LADDR LPORT RADDR RPORT, before what only connections have. */
struct column_list column_list_connections(enum column_style style, bool time, bool elapsed);

/*
 * -O: names separated by commas, in either case, each at most once. An unknown name, an empty one or a repeated one is
 * -EINVAL with the bad word quoted and all names listed.
 */
int column_list_parse(const char *text, struct column_list *ret, struct parse_error *error);

/* -EINVAL and the reason when there is a column of transitions with `stuck`, or one of --stuck without. */
int column_list_check(const struct column_list *list, bool stuck, struct parse_error *error);

/* Puts a column in front, unless it is in the list already. */
void column_list_prepend(struct column_list *list, enum column_id id);

/* All names separated by commas, for --help and errors, with ELAPSED for TIME(s): a static string. */
const char *column_names(void);

/* The NAMES_ that these columns need. */
unsigned int column_list_names(const struct column_list *list);

/* What the values of a row are taken from. */
struct row {
	const struct transition *event;
	const struct names *names; /* not NULL; a port is its service's name where there is one in them */
	const struct timebase *base;
	enum column_style style;
	cell_width *width; /* of a character in text */
	size_t unseen;     /* bytes of the value beyond its cells in text: an append() sets it where there are any */
};

extern const struct names names_none;

/* `names` may be NULL. */
static inline struct row row_of(enum column_style style, const struct transition *event, const struct names *names,
				const struct timebase *base)
{
	return (struct row){.event = event, .names = names ? names : &names_none, .base = base, .style = style};
}

/* Where a row of `out` goes, or NULL when there is no room for the longest values, these names, and APPEND_SLACK. */
static inline char *row_begin(struct strbuf *out, const struct names *names)
{
	return strbuf_room(out, ROW_TEXT_MAX + (names ? ESCAPED_MAX * names_length(names) : 0));
}

struct column {
	const char *name;
	/* The bare value, unpadded, escaped for the style: as core/append.h, after row_begin(). */
	char *(*append)(char *at, struct row *row);
	/* Field width in text and wide text (left-justified; a longer value pushes the rest). */
	uint8_t width[COLUMN_STYLE_WIDE + 1];
};

/* By enum column_id. */
extern const struct column column_table[COLUMN_COUNT];

#endif
