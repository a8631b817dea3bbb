# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The scenes of the recipes: real programs with real connections, which have the fault that the recipe finds.

A scene takes a world and its recipe's commands, makes the traffic, and returns what the commands printed.
"""

import contextlib
import select
import socket
import struct
import threading
import time

from world import FAR, LOSSY, NEAR, SILENT, World

LOOPBACK, SLOW_READER = "127.0.0.1", "127.0.0.2"
PATIENCE_S = 20


# Work of programs

def abort(connection):
    """With a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def listen(program, addresses, port, backlog=64, receive_buffer=0):
    listeners = []
    for address in addresses:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            listener.setsockopt(socket.SOL_SOCKET, 33, receive_buffer)  # SO_RCVBUFFORCE
        listener.bind((address, port))
        listener.listen(backlog)
        listeners.append(listener)
    program.say("listening")
    return listeners


def accept_each(listener, serve, *args):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], *args), daemon=True).start()


def answer(program, address, port, think_s, size=5000):
    """Answers a request after a while, and ends the answer by closing."""
    def serve(connection):
        with connection:
            if connection.recv(4096):
                time.sleep(think_s)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * size)

    accept_each(listen(program, [address], port)[0], serve)


def echo(program, address, port):
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)

    accept_each(listen(program, [address], port)[0], serve)


def take_all(program, address, port):
    """Reads without a pause, with room for all that comes."""
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while connection.recv(1 << 20):
                pass

    accept_each(listen(program, [address], port, receive_buffer=8 << 20)[0], serve)


def take_slowly(program, address, port):
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while connection.recv(2000):
                time.sleep(.1)

    accept_each(listen(program, [address], port, receive_buffer=8192)[0], serve)


def ask(address, port):
    with socket.create_connection((address, port), timeout=PATIENCE_S) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while client.recv(65536):
            pass


def ask_at_once(address, port, clients):
    threads = [threading.Thread(target=ask, args=(address, port)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run_client(world, name, work, *args):
    """A program on the first host that does its work, says "done" and waits."""
    def client(program):
        work(*args)
        program.say("done")
        program.wait_for_word()

    world.run_program(name, world.here, client).expect("done")


# One scene for each recipe

def slow_connects(world, commands):
    world.connect_networks()
    for address in (NEAR, FAR, LOSSY):
        world.serve("postgres", world.there, take_all, address, 5432)

    def connect():
        sockets = []
        for address in (NEAR, FAR, LOSSY, SILENT):
            sockets.append(socket.socket())
            sockets[-1].setblocking(False)
            sockets[-1].connect_ex((address, 5432))
        left = sockets[:3]
        while left:
            _, ready, _ = select.select([], left, [], PATIENCE_S)
            left = [client for client in left if client not in ready]
        time.sleep(.3)
        for client in sockets:
            client.close()

    tool = world.shell.start(commands[0])
    run_client(world, "app", connect)
    return [tool.stop()]


def who_resets(world, commands):
    world.connect_networks()
    def backend(program):
        """Closes without reading the request."""
        listener = listen(program, [LOOPBACK], 8081)[0]
        while True:
            connection = listener.accept()[0]
            select.select([connection], [], [])
            connection.close()

    def service(program):
        listener = listen(program, [NEAR], 8082)[0]
        while True:
            connection = listener.accept()[0]
            connection.recv(4096)
            abort(connection)

    world.serve("backend", world.here, backend)
    world.serve("service", world.there, service)

    def proxy():
        for address, port in ((LOOPBACK, 8081), (NEAR, 8082), (LOOPBACK, 8083)):
            with socket.socket() as client, contextlib.suppress(ConnectionError):
                client.settimeout(PATIENCE_S)
                client.connect((address, port))
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                client.recv(4096)

    tool = world.shell.start(commands[0])
    run_client(world, "proxy", proxy)
    return [tool.stop()]


def close_wait(world, commands):
    def leaky(program):
        kept, listener = [], listen(program, [LOOPBACK], 8080)[0]
        while True:
            kept.append(listener.accept()[0])

    world.serve("app", world.here, leaky)

    def leave():
        for _ in range(3):
            with socket.create_connection((LOOPBACK, 8080)) as client:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")

    run_client(world, "browser", leave)
    time.sleep(1.3)
    return [world.shell.run(commands[0])]


def slow_peer(world, commands):
    world.connect_networks()
    for address in (NEAR, FAR):
        world.serve("postgres", world.there, echo, address, 5432)

    def query():
        clients = [socket.create_connection((address, 5432), timeout=PATIENCE_S) for address in (NEAR, FAR)]
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            for client in clients:
                client.sendall(b"x" * 100)
            time.sleep(.01)

    tool = world.shell.start(commands[0])
    run_client(world, "app", query)
    return [tool.end()]


def handshake_or_server(world, commands):
    world.connect_networks()
    world.serve("server", world.there, answer, NEAR, 8080, .3)
    tool = world.shell.start(commands[0])
    run_client(world, "app", ask_at_once, NEAR, 8080, 20)
    time.sleep(.1)
    return [tool.stop()]


def slow_reader(world, commands):
    world.serve("consumer", world.here, take_slowly, LOOPBACK, 9000)

    def produce():
        with socket.create_connection((LOOPBACK, 9000)) as client:
            since = time.monotonic()
            client.setblocking(False)
            while not prevails(client, since, "receiver-window"):
                with contextlib.suppress(BlockingIOError):
                    client.send(b"x" * 10000)
                time.sleep(.01)
            abort(client)

    tool = world.shell.start(commands[0])
    run_client(world, "producer", produce)
    return [tool.stop()]


def lossy_path(world, commands):
    world.links[LOSSY].loses_first_syn = False
    world.links[LOSSY].lose_every = 10
    world.connect_networks()
    for address in (NEAR, FAR, LOSSY):
        world.serve("sink", world.there, take_all, address, 9000)

    def send():
        clients = []
        for address in (NEAR, FAR, LOSSY):
            clients.append(socket.create_connection((address, 9000)))
        for _ in range(20):
            for client in clients:
                client.sendall(b"x" * 20000)
            time.sleep(.05)

    tool = world.shell.start(commands[0])
    run_client(world, "backup", send)
    return [tool.stop()]


def accept_queue(world, commands):
    def busy(program):
        """Accepts more slowly than connections arrive."""
        listener, kept = listen(program, [LOOPBACK], 8080, backlog=4)[0], []
        while True:
            time.sleep(.1)
            kept.append(listener.accept()[0])

    def crowd(program):
        clients = []
        while not program.is_told(.02):
            clients.append(socket.socket())
            clients[-1].setblocking(False)
            clients[-1].connect_ex((LOOPBACK, 8080))
            if len(clients) == 10:
                program.say("waiting")

    world.serve("app", world.here, busy)
    world.run_program("browser", world.here, crowd).expect("waiting")
    return [world.shell.run(commands[0])]


def before_and_after(world, commands):
    world.connect_networks()
    outputs = []
    for think_s, command in zip((.2, .02), commands):
        server = world.serve("server", world.there, answer, NEAR, 8080, think_s)
        tool = world.shell.start(command)
        run_client(world, "app", ask_at_once, NEAR, 8080, 20)
        outputs.append(tool.end())
        server.kill()
    return [*outputs, world.shell.run(commands[2])]


def one_command(world, commands):
    world.connect_networks()
    world.serve("server", world.there, answer, NEAR, 8080, .1)
    return [world.shell.run(commands[0])]


# The five limits

_TCP_INFO_BUSY, _SO_SNDBUFFORCE = 168, 32
LIMITS = ("application", "receiver-window", "send-buffer", "network", "loss")


def chronographs(connection):
    """Microseconds: busy, limited by the receive window, limited by the send buffer (struct tcp_info)."""
    return struct.unpack_from("3Q", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), _TCP_INFO_BUSY)


def limit_times(connection, since):
    busy, window, buffer = chronographs(connection)
    idle = max(0, (time.monotonic() - since) * 1e6 - busy)
    return {"application": idle, "receiver-window": window, "send-buffer": buffer, "network": busy - window - buffer}


def prevails(connection, since, limit):
    """Clearly, so that a moment more does not change it."""
    times = limit_times(connection, since)
    mine = times.pop("network" if limit == "loss" else limit)
    return mine > 600_000 and mine > 1.3 * max(times.values())


def send_limited(program, address, limit):
    """Sends until that limit prevails, and then until it is told to end."""
    client = socket.socket()
    if limit == "send-buffer":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    elif limit in ("network", "loss"):
        client.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, 8 << 20)
    client.connect((address, 9000))
    since, is_ready = time.monotonic(), False
    client.setblocking(False)
    while not program.is_told():
        if limit == "application":
            client.send(b"x" * 100)
            time.sleep(.05)
        else:
            select.select([], [client], [], .05)
            with contextlib.suppress(BlockingIOError):
                client.send(b"x" * 50000)
        if not is_ready and prevails(client, since, limit):
            is_ready = True
            program.say("ready")
        if not is_ready and time.monotonic() > since + PATIENCE_S:
            raise TimeoutError(f"{limit} does not prevail: {limit_times(client, since)}")
    abort(client)
    program.say("done")


def limits(world, commands):
    """All five at once, so that one `ss` shows them at one moment. Each connection ends right after that."""
    world.links[FAR].round_trip_ms, world.links[FAR].rate_mbit = 40, 16
    world.links[LOSSY].loses_first_syn, world.links[LOSSY].lose_every, world.links[LOSSY].rate_mbit = False, 20, 16
    world.connect_networks()
    world.serve("sink", world.here, take_all, LOOPBACK, 9000)
    world.serve("reader", world.here, take_slowly, SLOW_READER, 9000)
    for address in (NEAR, FAR, LOSSY):
        world.serve("sink", world.there, take_all, address, 9000)
    tool = world.shell.start(commands[0])
    senders = [world.run_program(name, world.here, send_limited, address, limit) for name, address, limit in (
        ("sleeper", LOOPBACK, "application"), ("to-reader", SLOW_READER, "receiver-window"), ("small-buf", NEAR, "send-buffer"),
        ("far", FAR, "network"), ("lossy", LOSSY, "loss"))]
    for sender in senders:
        sender.expect("ready")
    begin = time.monotonic()
    shown = world.shell.run(commands[1])
    for sender in senders:
        sender.tell("end")
    for sender in senders:
        sender.expect("done")
    world.moment_s = time.monotonic() - begin
    return [tool.stop(), shown]


def play(recipe, build, options=()):
    """The output of each command of a recipe, and the world, for what it knows of the scene."""
    with World(build, options) as world:
        return globals()[recipe.scene](world, recipe.commands), world
