#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The live page of tcpvitals-exporter in a real browser: its numbers, its requests, keyboard, many and slow viewers."""

import socket
import time

from browser import Browser
from cli import assert_equal, assert_in, main, need_root, wait_until
from exporter import EXPORTER, Exporter, free_low_port
from test_exporter import close_client_first, exchange, listen

STATES = ("ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING")


def table(browser, name):
    """The cells of a table's body, line by line."""
    return browser.run(f"[...document.querySelectorAll('#{name} tbody tr')].map(r => [...r.cells].map(c => c.textContent))")


def number(text):
    return int(text.replace(",", ""))


def open_page(browser, exporter, path="/"):
    browser.open(f"http://127.0.0.1:{exporter.port}{path}")
    wait_until(lambda: browser.run("document.getElementById('status')?.textContent") == "live", 20, "the page does not become live")


def test_numbers():
    """The same as in /metrics, without a word on the console and without a request to another host."""
    need_root()
    port = free_low_port()
    exporter = Exporter("--max-series", 5000, "--stuck-longer", "1s")
    exporter.command += ["--lport", f"!{exporter.port}", "--rport", f"!{exporter.port}"]  # without scrapes and the page
    with exporter, listen(port) as listener, Browser() as browser:
        open_page(browser, exporter)
        for _ in range(30):
            close_client_first(*exchange(listener, port))
        client, server = exchange(listener, port)
        client.close()  # the server's end stays in CLOSE_WAIT

        def numbers():
            metrics = exporter.scrape()
            return {"opened": metrics.sum("tcpvitals_connections_opened_total", role="client"),
                    **{state: metrics.get("tcpvitals_sockets", state=state) for state in STATES}}

        def agree():
            before = numbers()
            time.sleep(1.5)  # the page gets its numbers once a second
            changes = {line[0]: line[2] for line in table(browser, "changes")}
            sockets = {line[0]: line[1] for line in table(browser, "sockets")}
            shown = {"opened": number(changes.get("opened, client", "0")), **{state: number(text) for state, text in sockets.items()}}
            after = numbers()
            # TIME_WAIT has no scope: each scrape leaves one.
            time_wait = sorted(found.pop("TIME_WAIT") for found in (before, after))
            is_near = time_wait[0] - 5 <= shown.pop("TIME_WAIT") <= time_wait[1] + 5
            return before == shown == after and is_near and str(port) in [line[0] for line in table(browser, "listeners")]

        wait_until(agree, 30, "page and metrics differ")
        wait_until(lambda: any(line[0] == "CLOSE_WAIT" and f":{port}" in line[4] for line in table(browser, "stuck")), 15,
                   lambda: f"no stuck socket: {table(browser, 'stuck')}")
        assert_in(["127.0.0.1"], [line[:1] for line in table(browser, "peers")])
        assert_equal(table(browser, "losses"), [["nothing"]], "losses")
        assert_equal(browser.console, [], "console")
        origin = f"http://127.0.0.1:{exporter.port}/"
        assert_equal([url for url in browser.requests if not url.startswith((origin, "data:"))], [], "foreign requests")
        server.close()


def test_keyboard():
    """Arrow keys show the numbers of a cell, p pauses."""
    need_root()
    port = free_low_port()
    with Exporter() as exporter, listen(port) as listener, Browser() as browser:
        open_page(browser, exporter)
        for _ in range(30):
            close_client_first(*exchange(listener, port))
        time.sleep(2)
        browser.run("document.getElementById('rtt').focus()")
        for key in ("ArrowLeft", "ArrowUp", "ArrowDown"):
            browser.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key)
        assert_in(" samples from ", browser.run("document.getElementById('rtt-note').textContent"))
        browser.call("Input.dispatchKeyEvent", type="keyDown", key="p", text="p", code="KeyP")
        assert_equal(browser.run("document.getElementById('pause').getAttribute('aria-pressed')"), "true", "paused")
        assert_equal(browser.run("document.getElementById('status').textContent"), "paused", "status")
        assert_equal(browser.console, [], "console")


def test_widths():
    """Nothing is wider than the window, from 360 pixels to 4K, light and dark."""
    need_root()
    with Exporter() as exporter, Browser() as browser:
        open_page(browser, exporter)
        for width in (360, 800, 1280, 3840):
            for dark in (False, True):
                browser.show(width, 900, dark=dark)
                browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                assert_equal(browser.run("document.documentElement.scrollWidth <= innerWidth"), True, f"width {width}")
        assert_equal(browser.console, [], "console")


def test_restart():
    """The page says that the exporter is gone, and goes on when it is back."""
    need_root()
    with Browser() as browser:
        with Exporter() as exporter:
            open_page(browser, exporter)
            exporter.stop()
        wait_until(lambda: "trying again" in browser.run("document.getElementById('status').textContent"), 10, "no word about the end")
        again = Exporter()
        again.command[again.command.index(f"127.0.0.1:{again.port}")] = f"127.0.0.1:{exporter.port}"
        with again:
            wait_until(lambda: browser.run("document.getElementById('status').textContent") == "live", 20, "not live again")


def follow(port, host="localhost"):
    client = socket.create_connection(("127.0.0.1", port))
    client.settimeout(10)
    client.sendall(f"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return client


def test_no_place_for_a_viewer():
    """The page tries again by itself, also after an answer with an error status."""
    need_root()
    with Exporter() as exporter, Browser() as browser:
        viewers = [follow(exporter.port) for _ in range(16)]
        wait_until(lambda: b"event: tick" in viewers[15].recv(100000), 10, "no event")
        browser.open(f"http://127.0.0.1:{exporter.port}/")
        wait_until(lambda: "trying again" in browser.run("document.getElementById('status')?.textContent ?? ''"), 10, "no word")
        for viewer in viewers:
            viewer.close()
        wait_until(lambda: browser.run("document.getElementById('status').textContent") == "live", 20, "not live")


def test_strange_name():
    """A page of another site, whose name leads to this host, does not get the events."""
    need_root()
    with Exporter() as exporter:
        for host, status in (("localhost:1", b"200"), ("127.0.0.1", b"200"), ("[::1]:1", b"200"), (socket.gethostname(), b"200"),
                             ("evil.example:10435", b"403"), ("a" * 3000, b"403")):
            with follow(exporter.port, host) as client:
                assert_in(status, client.recv(1000).split(b"\r\n")[0])


def test_viewers():
    """Sixteen may look, and viewers that do not read keep nobody waiting. The policy is strict."""
    need_root()
    with Exporter() as exporter:
        viewers = [follow(exporter.port) for _ in range(16)]
        wait_until(lambda: b"event: tick" in viewers[15].recv(100000), 10, "no event")
        more = follow(exporter.port)
        assert_in(b"503", more.recv(1000))
        assert_equal(exporter.request()[0], 200, "a scrape beside them")
        for viewer in (*viewers, more):
            viewer.close()
        wait_until(lambda: b"200 OK" in follow(exporter.port).recv(1000), 10, "places are not free again")
        assert_in("default-src 'none'", exporter.request("/")[1]["Content-Security-Policy"])
        assert_equal(exporter.stop(), 0, "exit status")


if __name__ == "__main__":
    main(globals(), tool=EXPORTER)
