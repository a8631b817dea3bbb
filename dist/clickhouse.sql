-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Tables and views for records of tcpstates --fleet, written by dist/make-sql clickhouse. To load a file:
--     clickhouse-client --input_format_skip_unknown_fields=1 --date_time_input_format=best_effort \
--     -q 'INSERT INTO tcp_connections FORMAT JSONEachRow' < connections.json

CREATE TABLE tcp_connections (
    v                    UInt64,
    type                 LowCardinality(String),
    host                 LowCardinality(String),
    boot_id              Nullable(String),
    run                  UInt64,
    seq                  UInt64,
    time                 DateTime64(6, 'UTC'),
    role                 LowCardinality(Nullable(String)),
    start                Nullable(DateTime64(6, 'UTC')),
    total_us             Nullable(Float64),
    at_least_us          Nullable(Float64),
    suspended_us         Nullable(Float64),
    states_us            Map(LowCardinality(String), Nullable(Float64)),
    bytes_sent           Nullable(UInt64),
    bytes_acked          Nullable(UInt64),
    bytes_received       Nullable(UInt64),
    segs_out             Nullable(UInt64),
    segs_in              Nullable(UInt64),
    retransmits          Nullable(UInt64),
    syn_retrans          Nullable(UInt64),
    srtt_us              Nullable(Float64),
    min_rtt_us           Nullable(Float64),
    rtt_mean_us          Nullable(Float64),
    rtt_samples          Nullable(UInt64),
    rcv_rtt_us           Nullable(Float64),
    limited_by           LowCardinality(Nullable(String)),
    busy_us              Nullable(Float64),
    rwnd_limited_us      Nullable(Float64),
    sndbuf_limited_us    Nullable(Float64),
    idle_us              Nullable(Float64),
    zero_windows         Nullable(UInt64),
    bytes_retrans        Nullable(UInt64),
    segs_lost            Nullable(UInt64),
    dsack_dups           Nullable(UInt64),
    reord_seen           Nullable(UInt64),
    rto                  Nullable(UInt64),
    rto_recoveries       Nullable(UInt64),
    rto_us               Nullable(Float64),
    delivered            Nullable(UInt64),
    delivered_ce         Nullable(UInt64),
    delivery_rate        Nullable(UInt64),
    delivery_app_limited Nullable(Bool),
    congestion           LowCardinality(Nullable(String)),
    cwnd                 Nullable(UInt64),
    ssthresh             Nullable(UInt64),
    mss                  Nullable(UInt64),
    sack                 Nullable(Bool),
    timestamps           Nullable(Bool),
    window_scaling       Nullable(Bool),
    ecn                  Nullable(Bool),
    oldstate             LowCardinality(Nullable(String)),
    cause                LowCardinality(Nullable(String)),
    since                Nullable(DateTime64(6, 'UTC')),
    final                Nullable(Bool),
    cookie               Nullable(UInt64),
    conn_seq             Nullable(UInt64),
    skaddr               Nullable(String),
    pid                  Nullable(UInt64),
    pid_host             Nullable(UInt64),
    comm                 LowCardinality(Nullable(String)),
    owner                LowCardinality(Nullable(String)),
    uid                  Nullable(UInt64),
    netns                Nullable(UInt64),
    cgroup_id            Nullable(UInt64),
    family               Nullable(UInt64),
    laddr                Nullable(String),
    lport                Nullable(UInt64),
    raddr                Nullable(String),
    rport                Nullable(UInt64),
    ifindex              Nullable(UInt64),
    zone                 LowCardinality(Nullable(String)),
    mptcp_token          Nullable(String),
    cgroup               Nullable(String),
    unit                 LowCardinality(Nullable(String)),
    systemd_unit         LowCardinality(Nullable(String)),
    container            Nullable(String),
    pod                  Nullable(String),
    netns_name           LowCardinality(Nullable(String)),
    lservice             LowCardinality(Nullable(String)),
    rservice             LowCardinality(Nullable(String))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (host, time)
TTL toDateTime(time) + INTERVAL 30 DAY;

CREATE TABLE tcp_transitions (
    v            UInt64,
    type         LowCardinality(String),
    host         LowCardinality(String),
    boot_id      Nullable(String),
    run          UInt64,
    seq          UInt64,
    time         DateTime64(6, 'UTC'),
    oldstate     LowCardinality(Nullable(String)),
    newstate     LowCardinality(Nullable(String)),
    duration_us  Nullable(Float64),
    at_least_us  Nullable(Float64),
    suspended_us Nullable(Float64),
    syn_retrans  Nullable(UInt64),
    cause        LowCardinality(Nullable(String)),
    cookie       Nullable(UInt64),
    conn_seq     Nullable(UInt64),
    skaddr       Nullable(String),
    pid          Nullable(UInt64),
    pid_host     Nullable(UInt64),
    comm         LowCardinality(Nullable(String)),
    owner        LowCardinality(Nullable(String)),
    uid          Nullable(UInt64),
    netns        Nullable(UInt64),
    cgroup_id    Nullable(UInt64),
    family       Nullable(UInt64),
    laddr        Nullable(String),
    lport        Nullable(UInt64),
    raddr        Nullable(String),
    rport        Nullable(UInt64),
    ifindex      Nullable(UInt64),
    zone         LowCardinality(Nullable(String)),
    mptcp_token  Nullable(String),
    cgroup       Nullable(String),
    unit         LowCardinality(Nullable(String)),
    systemd_unit LowCardinality(Nullable(String)),
    container    Nullable(String),
    pod          Nullable(String),
    netns_name   LowCardinality(Nullable(String)),
    lservice     LowCardinality(Nullable(String)),
    rservice     LowCardinality(Nullable(String))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (host, time)
TTL toDateTime(time) + INTERVAL 30 DAY;

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

