"""Servers for the resolver: names, addresses that refuse, and servers that say nothing."""
import os
import re
import select
import socket
import struct
import time

from peer import TIMEOUT, Program, check, example

# Where the name server cannot be reached the system shall not ask for long.
SHORT = dict(os.environ, RES_OPTIONS="timeout:1 attempts:1 ndots:1")


class Run:
    """The program with its arguments; its output by target once it has ended."""

    def __init__(self, path, *targets):
        arguments = [text for target in targets for text in (target[0], str(target[1]))]
        self.program = Program(path, *arguments, env=SHORT)

    def end(self, status):
        with self.program as program:
            lines = program.rest()
            check(program.wait() == status, "status %d expected: %r" % (status, lines))
        ticks = re.fullmatch(r"ticked (\d+) times, at most [\d.]+ ms late", lines[-1])
        check(ticks, "unknown output: %r" % lines)
        self.ticks = int(ticks.group(1))
        self.lines = lines[:-1]
        return self

    def says(self, *expected):
        """The lines to the end, without the names in front."""
        said = [line.split(": ", 1)[1] for line in self.lines]
        check(said == list(expected), "%r expected: %r" % (expected, said))


def serve(address="127.0.0.1", family=socket.AF_INET, port=0, backlog=50):
    server = socket.socket(family)
    server.settimeout(TIMEOUT)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind((address, port))
    server.listen(backlog)
    return server, server.getsockname()[1]


def greets(server, *pieces, delay=0.0, reset=False):
    """Accepts one connection and sends it these pieces, each for itself."""
    connection = server.accept()[0]
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    time.sleep(delay)
    for piece in pieces:
        connection.sendall(piece)
        time.sleep(0.01)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def local_name(path):
    """A name from the table of hosts. The server is slow, and the loop ticks meanwhile."""
    server, port = serve()
    run = Run(path, ("localhost", port))
    greets(server, b"hel", b"lo\r\nand more\n", delay=1)
    run.end(0)
    check(run.lines[-1] == "localhost %d: the server says: hello\r" % port,
          "another line: %r" % run.lines)
    check("localhost %d: trying 127.0.0.1:%d" % (port, port) in run.lines, "not tried")
    check(run.ticks > 2, "the loop stood still")
    server.close()


def lines(path):
    """Lines that are long, empty, or not there."""
    server, port = serve()
    address = "trying 127.0.0.1:%d" % port
    for pieces, status, said in (
            ((b"x" * 1000 + b"\n",), 0, "the server says: " + "x" * 255),
            ((b"\n",), 0, "the server says: "),
            ((b"half a li",), 1, "failed: the server closed before it sent a line"),
            ((), 1, "failed: the server closed before it sent a line")):
        run = Run(path, ("127.0.0.1", port))
        greets(server, *pieces)
        run.end(status).says(address, said)
    run = Run(path, ("127.0.0.1", port))
    greets(server, b"half a li", reset=True)
    run.end(1).says(address, "failed: connection reset by peer")
    server.close()


def refused(path):
    """A port that is taken, but where nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        Run(path, ("127.0.0.1", port)).end(1).says(
            "trying 127.0.0.1:%d" % port, "no connection: connection refused",
            "failed: no address is left")


def second_address(path):
    """Only the last of the loopback addresses has a server; those before it refuse."""
    found = socket.getaddrinfo(None, 1, type=socket.SOCK_STREAM)
    family, _, _, _, (address, *_) = found[-1]
    server, port = serve(address, family)
    closed = []
    try:
        for other, _, _, _, (name, *_) in found[:-1]:
            guard = socket.socket(other)  # nobody else may listen there
            closed.append(guard)
            if other == socket.AF_INET6:
                guard.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            guard.bind((name, port))
    except OSError as error:
        print("without a second address: %s" % error)
        return
    run = Run(path, ("", port))
    greets(server, b"found\n")
    said = [line.split(": ", 1)[1] for line in run.end(0).lines]
    print("loopback: %r" % said)
    check(said[-1] == "the server says: found", "no answer: %r" % said)
    refusals = [line for line in said if line.startswith("no connection: ")]
    check(len(refusals) == len(found) - 1, "%d refusals: %r" % (len(found) - 1, said))
    for guard in closed:
        guard.close()
    server.close()


def unknown(path):
    """A name that does not exist, alone and beside one that does."""
    run = Run(path, ("name.invalid", 80)).end(1)
    check(len(run.lines) == 1 and run.lines[0].startswith("name.invalid 80: failed: "),
          "a name without an address: %r" % run.lines)
    print(run.lines[0])
    Run(path, ("127.0.0.1", "no-such-service")).end(1)
    server, port = serve()
    run = Run(path, ("name.invalid", 80), ("127.0.0.1", port))
    greets(server, b"hello\n")
    run.end(1)
    check("127.0.0.1 %d: the server says: hello" % port in run.lines,
          "one failure stops the others: %r" % run.lines)
    server.close()


def several(path):
    server, port = serve()
    run = Run(path, *[("127.0.0.1", port)] * 16)
    for number in range(16):
        greets(server, b"%d\n" % number)
    run.end(0)
    said = sorted(line.split("says: ")[1] for line in run.lines if "says: " in line)
    check(said == sorted(str(number) for number in range(16)), "lines are missing: %r" % said)
    server.close()


def mistakes(path):
    for arguments in ((), ("localhost",), ("localhost", "1", "localhost"), ("x", "1") * 17):
        with Program(path, *arguments) as program:
            check(program.wait() == 1 and not program.rest(), "%r is taken" % (arguments,))


def main():
    path = example()
    # These two take their time, beside the others: a server that says nothing, and one whose queue
    # is so full that the system (Linux) leaves new connections without an answer.
    silent, silent_port = serve()
    full, full_port = serve(backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", full_port))
    select.select([], waiting, [], TIMEOUT)
    no_answer = Run(path, ("127.0.0.1", silent_port))
    timed_out = Run(path, ("127.0.0.1", full_port))
    for part in (local_name, lines, refused, second_address, unknown, several, mistakes):
        part(path)
    no_answer.end(1).says("trying 127.0.0.1:%d" % silent_port, "failed: no answer")
    print(timed_out.end(1).lines)
    for client in waiting + [silent, full]:
        client.close()


main()
