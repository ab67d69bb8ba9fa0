"""Clients of several threads behind one listener: what each of them gets, and from which thread."""
import os
import re
import resource
import shutil
import signal
import socket
import tempfile
import time

from peer import (TIMEOUT, Program, check, check_calm, descriptors_of, example, halt, listening,
                  pattern)

THREADS = 4
CLIENTS = 200
PLACES = 256  # MAX_CONNECTIONS of the example


def connect(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT)
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            connection.connect(path)
            return connection
        except BlockingIOError:  # the backlog is full: some libraries' SOMAXCONN is 128
            check(time.monotonic() < deadline, "the backlog stays full")
            time.sleep(0.01)


def finish(connection, size):
    """The number of the thread that has heard so many bytes."""
    connection.shutdown(socket.SHUT_WR)
    text = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    connection.close()
    found = re.fullmatch(r"(\d+) bytes, heard by thread (\d+)\n", text)
    check(found, "unknown answer: %r" % text)
    check(int(found.group(1)) == size, "%s of %d bytes" % (found.group(1), size))
    return int(found.group(2))


def start(path, threads):
    server = Program(example(), path, str(threads))
    check(listening(server) == "unix:" + path, "another address")
    check(server.line() == "%d threads" % threads, "another number of threads")
    return server


def stop(server, path, number=signal.SIGTERM):
    check(server.stop(number) == 0, "the server did not end well")
    check(not os.path.exists(path), "the path is still there")


def spread(path):
    """Every thread gets its turn; what is sent in parts is heard in full."""
    with start(path, THREADS) as server:
        heard = [0] * THREADS
        clients = [connect(path) for _ in range(CLIENTS)]
        sizes = [0] * CLIENTS
        for size in (1, 100, 4096, 100000):
            for number, client in enumerate(clients):
                client.sendall(pattern(size + number))
                sizes[number] += size + number
        for number, client in enumerate(clients):
            heard[finish(client, sizes[number])] += 1
        check(heard == [CLIENTS // THREADS] * THREADS, "not in turn: %s" % heard)
        check_calm(server.process.pid)
        stop(server, path)


def much(path):
    """All is there before the first read, and more than the server reads in a turn."""
    with start(path, 1) as server:
        client = connect(path)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400000)
        halt(server)
        client.sendall(pattern(200000))
        client.shutdown(socket.SHUT_WR)
        server.process.send_signal(signal.SIGCONT)
        finish(client, 200000)
        stop(server, path)


def places(path):
    """More clients than places: the others wait for those to end. Places are used again."""
    with start(path, 2) as server:
        for _ in range(3):
            clients = [connect(path) for _ in range(PLACES + 20)]
            for client in clients:
                client.sendall(b"hello")
            for client in clients:
                finish(client, 5)
        check_calm(server.process.pid)
        stop(server, path)


def broken(path):
    """Clients that are gone before they are answered; the others are served."""
    with start(path, 1) as server:
        before = descriptors_of(server.process.pid)
        for _ in range(PLACES + 20):
            client = connect(path)
            client.sendall(b"bye")
            client.close()
        finish(connect(path), 0)
        check_calm(server.process.pid)
        now = descriptors_of(server.process.pid)
        check(now == before, "%s descriptors became %s" % (before, now))
        stop(server, path, signal.SIGINT)


def few_descriptors(path):
    """Clients that wait for a descriptor are served when there is one again."""
    limit = (24, 24)
    server = Program(example(), path, "2",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit))
    with server:
        listening(server)
        clients = [connect(path) for _ in range(40)]
        for client in clients:
            client.sendall(b"few")
        for client in clients:
            finish(client, 3)
        server.line()
        stop(server, path)


def open_ones(path):
    """Connections that are open when the server ends."""
    with start(path, 3) as server:
        clients = [connect(path) for _ in range(30)]
        for client in clients[::2]:
            client.sendall(b"open")
        finish(connect(path), 0)
        stop(server, path)
        for client in clients:
            try:
                check(client.recv(100) == b"", "an answer to half of a text")
            except ConnectionResetError:
                pass  # it had not read all
            client.close()


def mistakes(path):
    for argv in ((), (path,), (path, "0"), (path, "17"), (path, "x"), (path, "")):
        with Program(example(), *argv) as server:
            check(server.wait() == 2, "%r is taken" % (argv,))


folder = tempfile.mkdtemp()
try:
    for case in (spread, much, places, broken, few_descriptors, open_ones, mistakes):
        case(os.path.join(folder, "socket"))
finally:
    shutil.rmtree(folder)
