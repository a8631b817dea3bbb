# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The texts of docs/recipes.md: for each question the commands, how to read the output, and the next step."""

import dataclasses
import textwrap

COLUMNS = 100


@dataclasses.dataclass
class Recipe:
    """`scene` is the function of scenes.py that makes the traffic. `reading` is Markdown, wrapped as in the document; `next` is one
    paragraph."""
    scene: str
    question: str
    commands: list
    reading: str
    next: str


INTRODUCTION = """\
# Recipes

Each recipe has a question, a command, real output, and how to read it. All commands run as root.
Ctrl-C ends the commands without `-d` and `--once`. Ports (`-D 5432`, `-L 8080`) and names
(`--comm`) are those of the scene: put your own there, or leave them out.

The script `docs/recipes/make` writes this page. It makes each scene with real programs and
connections between two network namespaces, and pastes the output as it was. 198.51.100.20 is 20 ms
away, 198.51.100.21 is 150 ms away, the path to 203.0.113.7 loses packets, and 203.0.113.99 never
answers. tcpstates(8), tcprtt(8) and [accuracy.md](accuracy.md) explain each column.
"""

RECIPES = [
    Recipe("slow_connects", "Which connects are slow?",
           ["tcpstates -D 5432 --state SYN_SENT --min-duration 100ms -O COMM,RADDR,NEWSTATE,MS,SYNRETRANS"],
           """\
A row appears when `connect()` ends. MS is the time that it took.

- SYNRETRANS 0: nothing was lost. MS is the round trip, so the peer is far, or its network is slow.
- SYNRETRANS 1 and MS above 1000: the first SYN or its answer was lost. The kernel sends a SYN again
  after one second. A full accept queue of the peer looks the same.
- NEWSTATE CLOSE: the connect failed, or the program gave up. With SYNRETRANS, the peer or a
  firewall on the way does not answer.
""",
           """\
`tcpstates --stuck SYN_SENT --longer 1s` shows the connects that hang at this moment. On the peer,
look at [its accept queue](#8-does-an-accept-queue-overflow).
"""),
    Recipe("who_resets", "Who resets the connections?",
           ["tcpstates -c --comm proxy,backend --cause '!fin-*' -O COMM,LPORT,RADDR,RPORT,MS,CAUSE"],
           """\
CAUSE says which side reset the connection, as seen from LPORT.

- `reset-received`: the other side, RADDR and RPORT. If that side is on this host, it has a row too.
- `unread-data`: this side. COMM closed the socket before it had read all data.
- `aborted`: this side, by SO_LINGER or `ss -K`.
- `refused`: nothing listens on RPORT, or a firewall rejects.

Here `backend` closes without reading the request, so `proxy` gets a reset. The second reset comes
from 198.51.100.20.
""",
           """\
Run the same command on the other host: its row has the reason. CAUSES in tcpstates(8) has all
words.
"""),
    Recipe("close_wait", "Which process leaks connections in CLOSE_WAIT?",
           ["tcpstates --stuck CLOSE_WAIT --longer 1s --once -L 8080; echo exit status $?"],
           """\
The other side has closed, and COMM has not. One row for a short time is usual. Many rows of one PID
with a growing ATLEAST (milliseconds in the state) are a leak. SINCE is `-` because the state is
older than the tool; ATLEAST is then a lower bound. The exit status is 1 if there is a row, and 0 if
there is none.
""",
           """\
In a cron job take `--longer 5m` and `-o json`. `ls -l /proc/PID/fd` shows the open sockets of the
process. Look for a path in its code that ends without `close()`, often after an error.
"""),
    Recipe("slow_peer", "Which peer is slow?",
           ["tcprtt --sample rtt --by raddr -e -D 5432 -d 2 | grep -e '= ' -e p99"],
           """\
The slowest peer comes first (by p99). All times are in microseconds, and are round trips of the
network: a slow program on the peer does not change them.

- p50 far above that of the other peers: the path is longer.
- p99 far above p50: queues on the way, or a busy host.
- A small count: wait longer. A p99 needs some hundred samples.
""",
           """\
`tcprtt --heatmap -D 5432 -A 198.51.100.21` shows when it is slow. If the round trips are short and
the service is slow all the same, take the next recipe.
"""),
    Recipe("handshake_or_server", "Is it the handshake or the server?",
           ["tcpstates --summary -D 8080"],
           """\
Each row has the milliseconds that connections spent in OLDSTATE. This is the client's side.

- SYN_SENT -> ESTABLISHED is the handshake: one round trip.
- ESTABLISHED -> CLOSE_WAIT lasts from the handshake until the server closes: one round trip for the
  request and the answer, and the server's own time.

Here the handshake takes a round trip of some 20 ms, and ESTABLISHED more than 300 ms. So the server
thinks for about 300 ms.
""",
           """\
With keep-alive, ESTABLISHED contains idle time. Then compare [the limits](#11-is-it-us-them-or-the-network)
or use `-c -o json`, which has the times in each state for each connection.
"""),
    Recipe("slow_reader", "Is our reader slow?",
           ["tcpstates -c --comm producer,consumer -O COMM,LPORT,RPORT,TX_KB,RX_KB,MS,RWND_MS,ZEROWIN,LIMIT"],
           """\
LIMIT is about the data that the side of the row sends, so the answer is in the sender's row. Here
`producer` sends to `consumer`, and LIMIT is `receiver-window`: for RWND_MS of MS, the window of the
reader on RPORT was full. ZEROWIN counts how often it was closed. The network is not the cause. The
row of `consumer` has LIMIT `none`, because it sent nothing.
""",
           """\
On the reader's host, `ss -tnp` shows a large Recv-Q for its socket all the time. Make the reader
faster. A larger buffer (SO_RCVBUF) helps only against short pauses.
"""),
    Recipe("lossy_path", "Which path loses packets?",
           ["tcpstates --summary --by prefix:24 --sort retrans -D 9000"],
           """\
A row sums up the connections to one network (`prefix:24` of the remote address). RETRANS counts
segments that were sent again. Compare it with TX_KB: a segment carries about 1.4 KB. Here one
network lost about every tenth segment, and the other one lost nothing. Connections that are still
open count, too.
""",
           """\
`tcpstates --retransmits -A 203.0.113.0/24` shows each retransmission and its kind.
`--by raddr` tells whether one host or the whole network is concerned.
"""),
    Recipe("accept_queue", "Does an accept queue overflow?",
           ["tcpstates --listeners --once -i 1s -L 8080; echo exit status $?"],
           """\
OVERFLOW `yes`: within this second the queue was full, and the kernel dropped connections. `app`
accepts ACCEPT/S connections a second, and more arrive. BACKLOG is the queue at this moment; the
kernel takes one more than MAX. A client whose connection is dropped sees no error, but a connect
that takes a second longer. The exit status is 1 for an overflow, and 0 for none.
""",
           """\
If HIGHEST reaches MAX only in bursts, raise the backlog of `listen()` and `net.core.somaxconn`. If
BACKLOG stays full, only a faster `app` helps, or more processes that accept.
"""),
    Recipe("before_and_after", "Did the change help?",
           ["tcpstates --summary -D 8080 -d 2 --out before.txt", "tcpstates --summary -D 8080 -d 2 --out after.txt",
            "grep '^[OSE]' before.txt after.txt"],
           """\
The first command runs before the change, the second one after it, each for the same time (take
minutes instead of 2 s). Compare P50 and P99 of one row, and not only MEAN: one slow connection
moves it. Here ESTABLISHED became much shorter, and the handshake (SYN_SENT) did not: the server is
faster, and the network is as before. COUNT must be similar in both files.
""",
           """\
For round trips, `tcprtt -o csv -d 60` does the same. `-c -o json --out FILE` keeps each connection
for later questions.
"""),
    Recipe("one_command", "What does one command do on the network?",
           ["tcpstates --linger 1s -O COMM,RADDR,RPORT,OLDSTATE,NEWSTATE,MS,CAUSE -- curl -s http://198.51.100.20:8080/ -o page.html"],
           """\
Only sockets of the command and of the processes that it starts have rows, on standard error. MS is
the time in OLDSTATE: 20 ms for the handshake, then the request and the answer, until the server
closed (CLOSE_WAIT). CAUSE `fin-remote` is an orderly end: the server closed first. `--linger` waits
for ends that come after the command. The exit status is that of the command.
""",
           """\
`-c -- COMMAND` prints one row for each connection, with bytes and LIMIT. `--out states.txt` keeps
the rows apart from the messages of the command.
"""),
    Recipe("limits", "Is it us, them or the network?",
           ["tcpstates -c -D 9000 -O COMM,LPORT,MS,IDLE_MS,BUSY_MS,RWND_MS,SNDBUF_MS,RETRANS,LIMIT", "ss -tieoH dport = :9000"],
           """\
LIMIT is the largest of four times of the sender: IDLE_MS, RWND_MS, SNDBUF_MS, and BUSY_MS without
these two.

- Us: `application` (`sleeper` has nothing to send), `send-buffer` (SO_SNDBUF of `small-buf` is too
  small for a path of 20 ms).
- Them: `receiver-window` (the peer of `to-reader` reads too slowly).
- The network: `network` (`far` sends as fast as the path takes it), `loss` (at least 1 % is lost).

`ss` ran a moment before the connections ended; LPORT joins both. It has the same counters: `busy`,
`rwnd_limited`, `sndbuf_limited`, and `retrans` behind the slash. The kernel counts in ticks of 1 to
10 ms.
""",
           """\
`ss` shows this moment of open connections, `-c` each whole connection. For the other direction,
look at the row of the other end. accuracy.md says what the verdict cannot tell.
"""),
]


def heading(number, recipe):
    return f"## {number}. {recipe.question}"


def next_step(recipe):
    return textwrap.fill(f"**Next:** {recipe.next}", COLUMNS, break_long_words=False, break_on_hyphens=False)
