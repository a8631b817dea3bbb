/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of columns of a transition, a connection and a listener: name, width, and the function that writes a value.
 * Headers, text, wide text, CSV and -O all use this table.
 */
#ifndef TCPVITALS_CORE_COLUMN_H
#define TCPVITALS_CORE_COLUMN_H

#include "abi/connection.h"
#include "abi/retransmission.h"
#include "abi/transition.h"
#include "core/escape.h"
#include "core/names.h"
#include "core/parse.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The columns that only connections have (-c): identifier, name, function, width. The functions are in
 * connection_column.c. Unknown values are those that tcpvitals-json(5) has as null.
 */
#define CONNECTION_COLUMNS(X)                                                                                          \
	X(START, "START", start, 27) /* RFC 3339, UTC */                                                               \
	X(ROLE, "ROLE", role, 6)                                                                                       \
	X(TX, "TX", tx, 10)         /* bytes that the peer has acknowledged */                                         \
	X(RX, "RX", rx, 10)         /* bytes received */                                                               \
	X(TX_KB, "TX_KB", tx_kb, 7) /* the same in KiB, rounded down */                                                \
	X(RX_KB, "RX_KB", rx_kb, 7)                                                                                    \
	X(TOTAL_MS, "MS", total_ms, 10)                                                                                \
	X(SEGS_OUT, "SEGS_OUT", segs_out, 8)                                                                           \
	X(SEGS_IN, "SEGS_IN", segs_in, 8)                                                                              \
	X(RETRANS, "RETRANS", retrans, 7) /* segments */                                                               \
	X(SYNS_RETRANS, "SYNRETRANS", syns_retrans, 10)                                                                \
	X(RETRANS_BYTES, "RETRANS_BYTES", retrans_bytes, 13)                                                           \
	X(LOST, "LOST", lost, 6)                                                                                       \
	X(DSACK, "DSACK", dsack, 6)       /* dsack_dups */                                                             \
	X(REORDER, "REORDER", reorder, 7) /* reord_seen */                                                             \
	X(RTO, "RTO", rto, 4)             /* rto_count */                                                              \
	X(RTO_MS, "RTO_MS", rto_ms, 10)                                                                                \
	X(CE, "CE", ce, 6)                /* delivered_ce */                                                           \
	X(ZEROWIN, "ZEROWIN", zerowin, 7) /* zero_windows */                                                           \
	X(SRTT_US, "SRTT_US", srtt_us, 8)                                                                              \
	X(MINRTT_US, "MINRTT_US", minrtt_us, 9)                                                                        \
	X(RCVRTT_US, "RCVRTT_US", rcvrtt_us, 9)                                                                        \
	X(BUSY_MS, "BUSY_MS", busy_ms, 10)                                                                             \
	X(RWND_MS, "RWND_MS", rwnd_ms, 10)                                                                             \
	X(SNDBUF_MS, "SNDBUF_MS", sndbuf_ms, 10)                                                                       \
	X(IDLE_MS, "IDLE_MS", idle_ms, 10)                                                                             \
	X(RATE, "RATE", rate, 11)                   /* delivery rate, bytes a second */                                \
	X(CONGESTION, "CONGESTION", congestion, 10) /* its control's name */                                           \
	X(CWND, "CWND", cwnd, 6)                                                                                       \
	X(SSTHRESH, "SSTHRESH", ssthresh, 8)                                                                           \
	X(MSS, "MSS", mss, 5)                                                                                          \
	X(OPTIONS, "OPTIONS", options, 17) /* sack+ts+wscale+ecn */                                                    \
	X(END, "CAUSE", end, 22)           /* of a whole connection; of a part, its last state */                      \
	X(LIMIT, "LIMIT", limit, 15)       /* limit_name() */                                                          \
	X(FINAL, "FINAL", final, 5)        /* true, or false for a part */

/* The same for columns that only retransmissions have (--retransmits); retransmission_column.c has the functions. */
#define RETRANSMISSION_COLUMNS(X)                                                                                      \
	X(KIND, "KIND", kind, 7) /* RTO, fast, TLP, SYN, SYN-ACK; or unknown */                                        \
	X(SEQNO, "SEQNO", seqno, 10)                                                                                   \
	X(BYTES, "BYTES", bytes, 6)                                                                                    \
	X(SEGS, "SEGS", segs, 4)                                                                                       \
	X(RETRANS_TOTAL, "RETRANS", retrans_total, 7)

/* The same for listeners (--listeners). The functions are in listener_column.c. */
#define LISTENER_COLUMNS(X)                                                                                            \
	X(BACKLOG, "BACKLOG", backlog, 7)                                                                              \
	X(BACKLOG_MAX, "MAX", backlog_max, 7)                                                                          \
	X(HIGHEST, "HIGHEST", highest, 7) /* of all rows so far */                                                     \
	X(ACCEPT_RATE, "ACCEPT/S", accept_rate, 8)                                                                     \
	X(QUEUED, "QUEUED", queued, 7) /* this and the next two: since the row before */                               \
	X(ACCEPTED, "ACCEPTED", accepted, 8)                                                                           \
	X(DROPPED, "DROPPED", dropped, 7)                                                                              \
	X(DROPS, "DROPS", drops, 7) /* since listen() */                                                               \
	X(HALF_OPEN, "SYNRECV", half_open, 7)                                                                          \
	X(COOKIES, "COOKIES", cookies, 7)    /* SYN cookies: yes, no, off */                                           \
	X(OVERFLOW, "OVERFLOW", overflow, 8) /* listener_overflow_name() */

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
	COLUMN_SYNRETRANS, /* SYNRETRANS %-10s  known where a handshake ends */
	COLUMN_CAUSE,      /* CAUSE     %-22s    cause_name(), known at an end */
	COLUMN_STATE,      /* STATE     %-11s    --stuck and --retransmits, instead of OLDSTATE and NEWSTATE */
	COLUMN_SINCE,      /* SINCE     %-27s    RFC 3339, UTC: entry into the (old) state; unknown where MS is */
	COLUMN_ATLEAST,    /* ATLEAST   %-10s    lower bound of MS, unknown for DURATION_UNKNOWN */
	COLUMN_CGPATH,     /* CGPATH    %-40s    path of the cgroup, else its id; unknown without an id */
	COLUMN_UNIT,       /* UNIT      %-24s    systemd unit */
	COLUMN_CONTAINER,  /* CONTAINER %-12.12s, wide and CSV: the full id */
	COLUMN_POD,        /* POD       %-36s    uid of the Kubernetes pod */
	COLUMN_NETNSNAME,  /* NETNSNAME %-12s    name of the namespace, else its inode number; unknown when that is 0 */
#define COLUMN_OF_CONNECTION(id, name, function, width) COLUMN_##id,
	CONNECTION_COLUMNS(COLUMN_OF_CONNECTION)
#undef COLUMN_OF_CONNECTION
#define COLUMN_OF_RETRANSMISSION(id, name, function, width) COLUMN_##id,
	RETRANSMISSION_COLUMNS(COLUMN_OF_RETRANSMISSION)
#undef COLUMN_OF_RETRANSMISSION
#define COLUMN_OF_LISTENER(id, name, function, width) COLUMN_##id,
		LISTENER_COLUMNS(COLUMN_OF_LISTENER)
#undef COLUMN_OF_LISTENER
			COLUMN_COUNT
};

/* The kinds of rows. Each has columns of its own. */
enum column_set {
	COLUMNS_OF_TRANSITIONS,
	COLUMNS_OF_STUCK,
	COLUMNS_OF_CONNECTIONS,
	COLUMNS_OF_RETRANSMISSIONS,
	COLUMNS_OF_LISTENERS
};

/* The form of a value. An unknown value is "-" in text and an empty field in CSV. Only text has a wide form. */
enum column_style {
	COLUMN_STYLE_TEXT,
	COLUMN_STYLE_WIDE,
	COLUMN_STYLE_CSV
};

/* Room for one row, in bytes: the longest line of any format, for any event, with its newline and APPEND_SLACK. */
#define ROW_TEXT_MAX 4096

/*
 * Additional room for a row with names. Names of directories have at most PATH_MAX and NAME_MAX bytes, and an escaped
 * byte takes up to six.
 */
#define ROW_NAMES_MAX 32768

struct column_list {
	uint8_t ids[COLUMN_COUNT]; /* enum column_id, in the order of printing */
	size_t count;              /* at least one */
	cell_width *width;         /* cells of a character in text; NULL: one cell each */
};

/*
 * The columns of the peers, bcc's and libbpf-tools' tcpstates:
 * [TIME] [TIME(s)] SKADDR PID COMM [IP, in wide and CSV] LADDR LPORT RADDR RPORT OLDSTATE NEWSTATE MS.
 */
struct column_list column_list_default(enum column_style style, bool time, bool elapsed);

/* The columns of --stuck: [TIME] [TIME(s)] PID COMM OWNER [IP] LADDR LPORT RADDR RPORT STATE SINCE ATLEAST. */
struct column_list column_list_stuck(enum column_style style, bool time, bool elapsed);

/*
 * The columns of -c. Text, as tcplife has them: [TIME] [TIME(s)] PID COMM [IP] LADDR LPORT RADDR RPORT TX_KB RX_KB MS
 * CAUSE LIMIT. CSV: ROLE TX RX MS RETRANS SRTT_US CAUSE LIMIT behind RPORT.
 */
struct column_list column_list_connections(enum column_style style, bool time, bool elapsed);

/*
 * The columns of --retransmits: [TIME] [TIME(s)] PID COMM [IP] LADDR LPORT RADDR RPORT STATE KIND SEQNO BYTES SEGS
 * RETRANS.
 */
struct column_list column_list_retransmissions(enum column_style style, bool time, bool elapsed);

/*
 * The columns of --listeners: [TIME] [TIME(s)] PID COMM [IP] LADDR LPORT BACKLOG MAX HIGHEST ACCEPT/S DROPS SYNRECV
 * COOKIES OVERFLOW. CSV also has TIMESTAMP, ACCEPTED and DROPPED.
 */
struct column_list column_list_listeners(enum column_style style, bool time, bool elapsed);

/*
 * Parses -O: names separated by commas, in upper or lower case, each at most once. 0, or -EINVAL for an unknown, empty
 * or repeated name. The error quotes the bad word, and lists all names or says which rows have that column.
 */
int column_list_parse(const char *text, enum column_set set, struct column_list *ret, struct parse_error *error);

/* Puts a column in front, unless the list has it. */
void column_list_prepend(struct column_list *list, enum column_id id);

/* Adds the columns of NAMES_CGROUP and NETNS at the end: CGPATH to NETNSNAME. */
void column_list_append_names(struct column_list *list);

/* Returns all names separated by commas, for --help and errors, with ELAPSED for TIME(s). The string is static. */
const char *column_names(enum column_set set);

/* Returns the NAMES_ bits that these columns need. */
unsigned int column_list_names(const struct column_list *list);

struct listener_row;

/* The source of the values of a row. */
struct row {
	const struct transition *event;
	const struct names *names; /* not NULL; a port is written as its service name, if there is one */
	const struct timebase *base;
	/* Columns of connections: the record, and when the part that it is began (core/connection.h). */
	const struct connection *connection;
	uint64_t from_ns;
	const struct retransmission *retransmission; /* columns of retransmissions: the record */
	const struct listener_row *listener;         /* columns of listeners (core/listener.h) */
	enum column_style style;
	cell_width *width;         /* cells of a character in text; NULL: one cell each */
	size_t bytes_beyond_cells; /* text: bytes minus cells of the value; append() sets it where they may differ */
};

extern const struct names names_none;

/* `names` may be NULL. */
static inline struct row row_of(enum column_style style, const struct transition *event, const struct names *names,
				const struct timebase *base)
{
	return (struct row){.event = event, .names = names ? names : &names_none, .base = base, .style = style};
}

/* Returns where a row of `out` begins, or NULL without room for the longest values, these names and APPEND_SLACK. */
static inline char *row_begin(struct strbuf *out, const struct names *names)
{
	return strbuf_room(out, ROW_TEXT_MAX + (names ? ESCAPED_MAX * names_length(names) : 0));
}

struct column {
	const char *name;
	/*
	 * Writes the value as core/append.h describes: unpadded, escaped for the style. row_begin() has checked the
	 * room.
	 */
	char *(*append)(char *at, struct row *row);
	/* Cells in text and wide text. Values are left-justified, and a longer value moves the rest of the line. */
	uint8_t width[COLUMN_STYLE_WIDE + 1];
};

/* Indexed by enum column_id. */
extern const struct column column_table[COLUMN_COUNT];

#endif
