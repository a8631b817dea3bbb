-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Tables and views for records of tcpstates --fleet, written by dist/make-sql postgres. To load a file:
--     \copy tcp_lines FROM connections.json WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'), then
--     INSERT INTO tcp_connections SELECT record.* FROM tcp_lines, jsonb_populate_record(NULL::tcp_connections, line) AS record

CREATE TABLE tcp_lines (line jsonb);

CREATE TABLE tcp_connections (
    v                    numeric(20),
    type                 text,
    host                 text,
    boot_id              text,
    run                  numeric(20),
    seq                  numeric(20),
    time                 timestamptz,
    role                 text,
    start                timestamptz,
    total_us             double precision,
    at_least_us          double precision,
    suspended_us         double precision,
    states_us            jsonb,
    bytes_sent           numeric(20),
    bytes_acked          numeric(20),
    bytes_received       numeric(20),
    segs_out             numeric(20),
    segs_in              numeric(20),
    retransmits          numeric(20),
    syn_retrans          numeric(20),
    srtt_us              double precision,
    min_rtt_us           double precision,
    rtt_mean_us          double precision,
    rtt_samples          numeric(20),
    rcv_rtt_us           double precision,
    limited_by           text,
    busy_us              double precision,
    rwnd_limited_us      double precision,
    sndbuf_limited_us    double precision,
    idle_us              double precision,
    zero_windows         numeric(20),
    bytes_retrans        numeric(20),
    segs_lost            numeric(20),
    dsack_dups           numeric(20),
    reord_seen           numeric(20),
    rto                  numeric(20),
    rto_recoveries       numeric(20),
    rto_us               double precision,
    delivered            numeric(20),
    delivered_ce         numeric(20),
    delivery_rate        numeric(20),
    delivery_app_limited boolean,
    congestion           text,
    cwnd                 numeric(20),
    ssthresh             numeric(20),
    mss                  numeric(20),
    sack                 boolean,
    timestamps           boolean,
    window_scaling       boolean,
    ecn                  boolean,
    oldstate             text,
    cause                text,
    since                timestamptz,
    final                boolean,
    cookie               numeric(20),
    conn_seq             numeric(20),
    skaddr               text,
    pid                  numeric(20),
    pid_host             numeric(20),
    comm                 text,
    owner                text,
    uid                  numeric(20),
    netns                numeric(20),
    cgroup_id            numeric(20),
    family               numeric(20),
    laddr                text,
    lport                numeric(20),
    raddr                text,
    rport                numeric(20),
    ifindex              numeric(20),
    zone                 text,
    mptcp_token          text,
    cgroup               text,
    unit                 text,
    systemd_unit         text,
    container            text,
    pod                  text,
    netns_name           text,
    lservice             text,
    rservice             text
);
CREATE INDEX ON tcp_connections (time);
CREATE INDEX ON tcp_connections (host, run, seq);
-- Once a day: DELETE FROM tcp_connections WHERE time < now() - INTERVAL '30 days';

CREATE TABLE tcp_transitions (
    v            numeric(20),
    type         text,
    host         text,
    boot_id      text,
    run          numeric(20),
    seq          numeric(20),
    time         timestamptz,
    oldstate     text,
    newstate     text,
    duration_us  double precision,
    at_least_us  double precision,
    suspended_us double precision,
    syn_retrans  numeric(20),
    cause        text,
    cookie       numeric(20),
    conn_seq     numeric(20),
    skaddr       text,
    pid          numeric(20),
    pid_host     numeric(20),
    comm         text,
    owner        text,
    uid          numeric(20),
    netns        numeric(20),
    cgroup_id    numeric(20),
    family       numeric(20),
    laddr        text,
    lport        numeric(20),
    raddr        text,
    rport        numeric(20),
    ifindex      numeric(20),
    zone         text,
    mptcp_token  text,
    cgroup       text,
    unit         text,
    systemd_unit text,
    container    text,
    pod          text,
    netns_name   text,
    lservice     text,
    rservice     text
);
CREATE INDEX ON tcp_transitions (time);
CREATE INDEX ON tcp_transitions (host, run, seq);
-- Once a day: DELETE FROM tcp_transitions WHERE time < now() - INTERVAL '30 days';

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

