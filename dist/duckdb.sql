-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Tables and views for records of tcpstates --fleet, written by dist/make-sql duckdb. To load a file:
--     INSERT INTO tcp_connections BY NAME SELECT * FROM read_json_auto('connections.json', format = 'newline_delimited')

CREATE TABLE tcp_connections (
    v                    UBIGINT,
    type                 VARCHAR,
    host                 VARCHAR,
    boot_id              VARCHAR,
    run                  UBIGINT,
    seq                  UBIGINT,
    time                 TIMESTAMPTZ,
    role                 VARCHAR,
    start                TIMESTAMPTZ,
    total_us             DOUBLE,
    at_least_us          DOUBLE,
    suspended_us         DOUBLE,
    states_us            JSON,
    bytes_sent           UBIGINT,
    bytes_acked          UBIGINT,
    bytes_received       UBIGINT,
    segs_out             UBIGINT,
    segs_in              UBIGINT,
    retransmits          UBIGINT,
    syn_retrans          UBIGINT,
    srtt_us              DOUBLE,
    min_rtt_us           DOUBLE,
    rtt_mean_us          DOUBLE,
    rtt_samples          UBIGINT,
    rcv_rtt_us           DOUBLE,
    limited_by           VARCHAR,
    busy_us              DOUBLE,
    rwnd_limited_us      DOUBLE,
    sndbuf_limited_us    DOUBLE,
    idle_us              DOUBLE,
    zero_windows         UBIGINT,
    bytes_retrans        UBIGINT,
    segs_lost            UBIGINT,
    dsack_dups           UBIGINT,
    reord_seen           UBIGINT,
    rto                  UBIGINT,
    rto_recoveries       UBIGINT,
    rto_us               DOUBLE,
    delivered            UBIGINT,
    delivered_ce         UBIGINT,
    delivery_rate        UBIGINT,
    delivery_app_limited BOOLEAN,
    congestion           VARCHAR,
    cwnd                 UBIGINT,
    ssthresh             UBIGINT,
    mss                  UBIGINT,
    sack                 BOOLEAN,
    timestamps           BOOLEAN,
    window_scaling       BOOLEAN,
    ecn                  BOOLEAN,
    oldstate             VARCHAR,
    cause                VARCHAR,
    since                TIMESTAMPTZ,
    final                BOOLEAN,
    cookie               UBIGINT,
    conn_seq             UBIGINT,
    skaddr               VARCHAR,
    pid                  UBIGINT,
    pid_host             UBIGINT,
    comm                 VARCHAR,
    owner                VARCHAR,
    uid                  UBIGINT,
    netns                UBIGINT,
    cgroup_id            UBIGINT,
    family               UBIGINT,
    laddr                VARCHAR,
    lport                UBIGINT,
    raddr                VARCHAR,
    rport                UBIGINT,
    ifindex              UBIGINT,
    zone                 VARCHAR,
    mptcp_token          VARCHAR,
    cgroup               VARCHAR,
    unit                 VARCHAR,
    systemd_unit         VARCHAR,
    container            VARCHAR,
    pod                  VARCHAR,
    netns_name           VARCHAR,
    lservice             VARCHAR,
    rservice             VARCHAR
);
-- Once a day: DELETE FROM tcp_connections WHERE time < now() - INTERVAL 30 DAY;

CREATE TABLE tcp_transitions (
    v            UBIGINT,
    type         VARCHAR,
    host         VARCHAR,
    boot_id      VARCHAR,
    run          UBIGINT,
    seq          UBIGINT,
    time         TIMESTAMPTZ,
    oldstate     VARCHAR,
    newstate     VARCHAR,
    duration_us  DOUBLE,
    at_least_us  DOUBLE,
    suspended_us DOUBLE,
    syn_retrans  UBIGINT,
    cause        VARCHAR,
    cookie       UBIGINT,
    conn_seq     UBIGINT,
    skaddr       VARCHAR,
    pid          UBIGINT,
    pid_host     UBIGINT,
    comm         VARCHAR,
    owner        VARCHAR,
    uid          UBIGINT,
    netns        UBIGINT,
    cgroup_id    UBIGINT,
    family       UBIGINT,
    laddr        VARCHAR,
    lport        UBIGINT,
    raddr        VARCHAR,
    rport        UBIGINT,
    ifindex      UBIGINT,
    zone         VARCHAR,
    mptcp_token  VARCHAR,
    cgroup       VARCHAR,
    unit         VARCHAR,
    systemd_unit VARCHAR,
    container    VARCHAR,
    pod          VARCHAR,
    netns_name   VARCHAR,
    lservice     VARCHAR,
    rservice     VARCHAR
);
-- Once a day: DELETE FROM tcp_transitions WHERE time < now() - INTERVAL 30 DAY;

-- Why did connections end, and how many?
CREATE VIEW tcp_why_ended AS
SELECT host, cause, count(*) AS connections FROM tcp_connections WHERE final
GROUP BY host, cause ORDER BY connections DESC;

-- Which targets refuse connections, and to whom?
CREATE VIEW tcp_refused AS
SELECT raddr, rport, comm, count(*) AS connections FROM tcp_connections WHERE final AND cause = 'refused'
GROUP BY raddr, rport, comm ORDER BY connections DESC;

-- Which targets do not answer?
CREATE VIEW tcp_timeouts AS
SELECT raddr, rport, cause, count(*) AS connections FROM tcp_connections WHERE final AND cause LIKE 'timeout%'
GROUP BY raddr, rport, cause ORDER BY connections DESC;

-- Which processes send and receive most?
CREATE VIEW tcp_traffic AS
SELECT host, comm, count(*) AS connections, sum(bytes_sent) AS sent, sum(bytes_received) AS received
FROM tcp_connections WHERE final GROUP BY host, comm ORDER BY sum(bytes_sent) + sum(bytes_received) DESC;

-- On the way to which peers are segments lost?
CREATE VIEW tcp_retransmissions AS
SELECT raddr, sum(retransmits) AS sent_again, sum(segs_out) AS segments FROM tcp_connections
WHERE final AND retransmits > 0 GROUP BY raddr ORDER BY sent_again DESC;

-- Which peers are far away?
CREATE VIEW tcp_far_peers AS
SELECT raddr, count(*) AS connections, avg(srtt_us) / 1000 AS srtt_ms FROM tcp_connections
WHERE final AND srtt_us IS NOT NULL GROUP BY raddr ORDER BY srtt_ms DESC;

-- Which connections lasted longest?
CREATE VIEW tcp_longest AS
SELECT host, comm, laddr, lport, raddr, rport, start, total_us / 1000000 AS seconds FROM tcp_connections
WHERE final AND total_us IS NOT NULL ORDER BY total_us DESC;

-- Which processes close connections with unread data, and so reset them?
CREATE VIEW tcp_unread AS
SELECT host, comm, count(*) AS connections FROM tcp_connections WHERE final AND cause = 'unread-data'
GROUP BY host, comm ORDER BY connections DESC;

-- How many connections ended in each minute?
CREATE VIEW tcp_per_minute AS
SELECT date_trunc('minute', time) AS minute, host, count(*) AS connections FROM tcp_connections WHERE final
GROUP BY date_trunc('minute', time), host ORDER BY minute;

-- Which records were lost on their way to the database, behind the first and before the last that the table has?
CREATE VIEW tcp_missing AS
SELECT host, run, max(seq) - min(seq) + 1 - count(DISTINCT seq) AS records FROM tcp_connections GROUP BY host, run
HAVING max(seq) - min(seq) + 1 > count(DISTINCT seq);

