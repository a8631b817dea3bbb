#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""-Y, without journald and with a real journald that this test starts in a mount namespace."""

import contextlib
import json
import os
import signal
import subprocess
import time

from cli import (Skip, Trace, assert_diagnostics, assert_equal, assert_in, churn, connect_once, main, need_command,
                 need_root, run, wait_until)
from surroundings import in_mount_namespace
from this_machine import need_seeding

JOURNALD = "/lib/systemd/systemd-journald"

# The machine's own kernel log and audit are none of this journald's business.
START_JOURNALD = f"""
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journald.conf.d /run/systemd/journal /run/log/journal
printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\nForwardToWall=no\\nRateLimitBurst=0\\n' \\
    >/run/systemd/journald.conf.d/test.conf
"""
NO_JOURNALD = "mount -t tmpfs tmpfs /run"


class Journald:
    def __enter__(self):
        need_root()
        need_command("journalctl")
        if not os.access(JOURNALD, os.X_OK):
            raise Skip(f"needs {JOURNALD}")
        self.process = subprocess.Popen([*in_mount_namespace(START_JOURNALD), JOURNALD], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: os.path.exists(self._path("/run/systemd/journal/socket")) or self.process.poll() is not None,
                       10, "journald does not listen")
            if self.process.poll() is not None:
                raise Skip(f"{JOURNALD} does not run here (exit status {self.process.returncode})")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(5)
        self.process.kill()
        self.process.wait()

    def _path(self, path):
        return f"/proc/{self.process.pid}/root{path}"

    @property
    def prefix(self):
        """Commands that shall find this journald."""
        return ("nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt")

    def entries(self):
        result = subprocess.run([*self.prefix, "journalctl", "--directory=/run/log/journal", "--output=json", "--no-pager",
                                 "--identifier=tcpstates"], stdout=subprocess.PIPE, text=True, timeout=10, check=True)
        return [json.loads(line) for line in result.stdout.splitlines()]


def test_without_journald():
    need_root()
    result = run("-Y", "-d", "1", prefix=in_mount_namespace(NO_JOURNALD))
    assert_equal((result.returncode, result.stdout), (1, ""), f"exit status and stdout ({result.stderr})")
    assert_in("cannot write to the journal: systemd-journald is not running; leave -Y out", result.stderr)
    assert_diagnostics(result.stderr)


def test_entries():
    with Journald() as journald, Trace("-Y", prefix=journald.prefix) as trace:
        port = connect_once()
        assert_equal(trace.stop(), 0, "exit status")
        assert_in("lost 0 of", trace.err)
        time.sleep(0.3)
        entries = [e for e in journald.entries()
                   if str(port) in (e.get("OBJECT_TCP_SOURCE_PORT"), e.get("OBJECT_TCP_DESTINATION_PORT"))]
        assert_equal(len(entries), 12, f"entries ({trace.err})")
        client = [e for e in entries if e["OBJECT_TCP_DESTINATION_PORT"] == str(port)]
        assert_equal([e["OBJECT_TCP_NEW_STATE"] for e in client],
                     ["SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE"], "states")
        for entry in client:
            assert_equal(entry["OBJECT_PID"], str(os.getpid()), "OBJECT_PID")
            assert_in("python", entry["OBJECT_COMM"])
            assert_equal(entry["OBJECT_IPV4_SOURCE_ADDRESS"], "127.0.0.1", "OBJECT_IPV4_SOURCE_ADDRESS")
            assert_equal(entry["OBJECT_IPV4_DESTINATION_ADDRESS"], "127.0.0.1", "OBJECT_IPV4_DESTINATION_ADDRESS")
            assert_equal(entry["PRIORITY"], "5", "PRIORITY")
            assert entry["MESSAGE"], entry
            assert "OBJECT_TCP_OLD_STATE" in entry, entry
        for entry in client[1:]:
            assert int(entry["OBJECT_TCP_SPAN_TIME"]) >= 0, entry


def test_stopped_journald():
    """A journald that does not read: a signal ends it all the same."""
    need_seeding()
    with Journald() as journald, Trace("-Y", prefix=journald.prefix) as trace:
        journald.process.send_signal(signal.SIGSTOP)
        try:
            churn(500)
            time.sleep(0.3)
            status = trace.stop(signal.SIGTERM)
        finally:
            journald.process.send_signal(signal.SIGCONT)
        assert_equal(status, 0, f"exit status ({trace.err})")
        assert_diagnostics(trace.err)


def sleeps(pid):
    """How often it has given up its CPU by itself."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches:"))


def test_naps_while_journald_is_stopped():
    """Nothing else can empty the ring then, however full it is: no reason to be busy."""
    with Journald() as journald, Trace("-Y", "--buffer-size", "1M", prefix=journald.prefix) as trace:
        journald.process.send_signal(signal.SIGSTOP)
        try:
            churn(1000)
            before = sleeps(trace.pid)
            wait_until(lambda: sleeps(trace.pid) >= before + 10, 10, "it is busy")
            assert_equal(trace.stop(signal.SIGTERM), 0, "exit status")
        finally:
            journald.process.send_signal(signal.SIGCONT)


def test_journald_goes():
    """A journald that ends while it is written to: told and counted, or at least no crash and no hang."""
    need_seeding()
    with Journald() as journald, Trace("-Y", prefix=journald.prefix) as trace:
        connect_once()
        time.sleep(0.2)
        journald.process.kill()
        journald.process.wait()
        connect_once()
        time.sleep(0.2)
        assert trace.stop() in (0, 1), "exit status"
        assert_diagnostics(trace.err)
        missing = [line for line in trace.err.splitlines() if "journal" in line]
        assert missing, f"no word of the entries that did not get there: {trace.err}"


if __name__ == "__main__":
    main(globals())
