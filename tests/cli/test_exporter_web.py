#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""tcpvitals-exporter --web.config.file: TLS, client certificates, users, and changes while it runs."""

import base64
import contextlib
import ctypes
import http.client
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading

from cli import assert_equal, assert_in, main, need_command, need_root, run, wait_until
from exporter import EXPORTER, Exporter

# bcrypt of "secret", by crypt(3)
HASH = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def make_certificate(folder, name):
    """Self-signed: NAME.pem and NAME.key."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 1, "-subj",
            f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / f"{name}.key", "-out",
            folder / f"{name}.pem")


@contextlib.contextmanager
def folder_with(text):
    """A folder with the web configuration and two certificates."""
    need_root()
    need_command("openssl")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_certificate(folder, "server")
        make_certificate(folder, "client")
        (folder / "web.yml").write_text(text)
        yield folder


def status(port, trusted=None, certificate=None, user=None, version=None):
    """Of GET /metrics; with `trusted`, over TLS."""
    headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
    if trusted:
        context = ssl.create_default_context(cafile=trusted)
        if version:
            context.maximum_version = version
        if certificate:
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def answer(port, user):
    """The status when a pause after a wrong password is over."""
    found = [429]

    def is_told():
        found[0] = status(port, user=user)
        return found[0] != 429

    wait_until(is_told, 10, "refused for ever")
    return found[0]


TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"


def test_tls():
    with folder_with(TLS + "  min_version: TLS13\n") as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            assert_in("https://", exporter.err)
            assert_equal(status(exporter.port, folder / "server.pem"), 200, "TLS")
            try:
                status(exporter.port, folder / "server.pem", version=ssl.TLSVersion.TLSv1_2)
                raise AssertionError("TLS 1.2 is accepted")
            except (ssl.SSLError, ConnectionError):
                pass
            try:
                status(exporter.port)
                raise AssertionError("no TLS is accepted")
            except (http.client.HTTPException, ConnectionError):
                pass


def test_renewed_certificate():
    """A new certificate is used within seconds, also while a viewer follows the page: the viewer's connection ends."""
    with folder_with(TLS) as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            context = ssl.create_default_context(cafile=folder / "server.pem")
            with context.wrap_socket(socket.create_connection(("127.0.0.1", exporter.port), timeout=10),
                                     server_hostname="127.0.0.1") as viewer:
                viewer.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert_in(b"200", viewer.recv(1000).split(b"\r\n")[0])
                make_certificate(folder, "new")
                for suffix in (".key", ".pem"):
                    (folder / "new").with_suffix(suffix).rename((folder / "server").with_suffix(suffix))
                wait_until(lambda: "the web configuration was read again" in exporter.err, 10, "not read again")
                while viewer.recv(100000):  # ends, or the test does after 10 s
                    pass
            assert_equal(status(exporter.port, folder / "server.pem"), 200, "with the new certificate")
            assert_equal(exporter.stop(), 0, "exit status")


def test_client_certificates():
    with folder_with(TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: client.pem\n") as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            trusted = folder / "server.pem"
            assert_equal(status(exporter.port, trusted, folder / "client.pem"), 200, "the right one")
            assert_equal(status(exporter.port, trusted), 401, "none")
            assert_equal(status(exporter.port, trusted, folder / "server.pem"), 401, "a foreign one")


def test_users():
    with folder_with(f"basic_auth_users:\n  alice: {HASH}\n") as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            for _ in range(2):  # the second time from memory
                assert_equal(status(exporter.port, user="alice:secret"), 200, "right")
            for user in ("alice:wrong", "alice:", "bob:secret", "alice", None, "alice:secret\0"):
                assert_equal(answer(exporter.port, user), 401, f"{user}")
            _, headers, _ = exporter.request(Authorization="Basic !!!")
            assert_in("Basic", headers["WWW-Authenticate"])


def test_wrong_passwords():
    """They keep nobody waiting who was admitted before, and are not computed as fast as they come."""
    with folder_with(f"basic_auth_users:\n  alice: {HASH}\n  bob: {HASH}\n") as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            assert_equal(answer(exporter.port, "alice:secret"), 200, "alice, at first")
            seen = set()
            for i in range(200):
                seen.add(status(exporter.port, user=f"{'bob' if i % 2 else 'nobody'}:{i}"))
                assert_equal(status(exporter.port, user="alice:secret"), 200, "alice, beside wrong ones")
            assert_equal(seen, {401, 429}, "answers to wrong ones")
            assert_equal(answer(exporter.port, "bob:secret"), 200, "bob, at last")


def test_wrong_passwords_of_another():
    """One address that asks with wrong passwords all the time does not keep out another one, which was not here before."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    slow = crypt(b"secret", b"$2b$10$abcdefghijklmnopqrstuu").decode()
    with folder_with(f"basic_auth_users:\n  alice: {slow}\n") as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            ended = threading.Event()

            def guess():
                while not ended.is_set():
                    exporter.request(source="127.0.0.2", Authorization="Basic " + base64.b64encode(b"alice:wrong").decode())

            threads = [threading.Thread(target=guess) for _ in range(4)]
            for thread in threads:
                thread.start()
            try:
                wait_until(lambda: status(exporter.port, user="alice:secret") == 200, 5, "alice is kept out")
            finally:
                ended.set()
                for thread in threads:
                    thread.join()


def test_change():
    """A new configuration is used within seconds; a wrong one changes nothing."""
    with folder_with(f"basic_auth_users:\n  alice: {HASH}\n") as folder:
        with Exporter("--web.config.file", folder / "web.yml") as exporter:
            assert_equal(status(exporter.port, user="alice:secret"), 200, "at first")
            (folder / "web.yml").write_text("basic_auth_users:\n  alice: plain\n")
            wait_until(lambda: "not a bcrypt hash" in exporter.err, 5, "no message about the wrong file")
            assert_equal(status(exporter.port, user="alice:secret"), 200, "after a wrong file")
            (folder / "web.yml").write_text(f"basic_auth_users:\n  bob: {HASH}\n")
            wait_until(lambda: "the web configuration was read again" in exporter.err, 5, "not read again")
            assert_equal(answer(exporter.port, "alice:secret"), 401, "the old user")
            assert_equal(answer(exporter.port, "bob:secret"), 200, "the new user")
            assert_equal(exporter.err.count("not a bcrypt hash"), 1, "messages")
            (folder / "web.yml").write_text(TLS.replace("server.key", "client.key"))
            wait_until(lambda: "not a certificate of the key in key_file" in exporter.err, 5, "no message about the wrong pair")
            assert_equal(status(exporter.port, user="bob:secret"), 200, "after a wrong pair")
            assert_equal(exporter.stop(), 0, "exit status")


def test_wrong_files():
    """Each is refused by name, with exit status 1."""
    for text, words in (("tls_server_config:\n  cert: a\n", '"cert"'), ("oops: 1\n", '"oops"'), ("a: [1]\n", "a list or an alias, where one value is expected"),
                        ("tls_server_config:\n  cert_file: gone.pem\n  key_file: server.key\n", "gone.pem"),
                        ("tls_server_config:\n  cert_file: server.pem\n  key_file: client.key\n", "not a certificate of the key in key_file"),
                        (TLS + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: web.yml\n", "no certificates in PEM"),
                        ("{", "not YAML: line"), ("just text\n", "the web configuration has no keys; see the manual"), ("a:\n  b:\n    c: 1\n", '"a"'),
                        ("basic_auth_users:\n  b:\n    c: 1\n", "the web configuration has a mapping too many; see the manual"),
                        ("tls_server_config:\n  cert_file: web.yml\n  key_file: /dev/null\n", "empty or unreadable")):
        with folder_with(text) as folder:
            result = run("-d", 1, "--web.listen-address", "127.0.0.1:10436", "--web.config.file", folder / "web.yml",
                         tool=EXPORTER)
            assert_equal(result.returncode, 1, f"exit status for {text!r}")
            assert_in(words, result.stderr)
    result = run("-d", 1, "--web.config.file", "/nowhere/web.yml", tool=EXPORTER)
    assert_in('cannot use the web configuration: file "/nowhere/web.yml": No such file', result.stderr)


if __name__ == "__main__":
    main(globals(), tool=EXPORTER)
