"""A server for the small nc whose own loop is poll(2): lines, floods, ends and resets."""
import fcntl
import select
import signal
import socket
import struct
import tempfile
import termios
import threading

from peer import (SKIPPED, TIMEOUT, Program, check, check_calm, example, pattern, receive, skip)


class Session:
    """The program and the server's end of its connection."""

    def __init__(self, *argv):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(TIMEOUT)
        address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.program = Program(*argv, address)

    def __enter__(self):
        self.program.__enter__()
        self.server = self.listener.accept()[0]
        self.server.settimeout(TIMEOUT)
        return self.program, self.server

    def __exit__(self, *what):
        self.server.close()
        self.listener.close()
        self.program.__exit__(*what)


def ask_for_descriptor(path):
    """Skips where the backend has none, once the program has said so."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, but nobody listens
        with Program(path, "127.0.0.1:%d" % closed.getsockname()[1]) as program:
            status = program.wait()
            lines = program.rest()
    if status == SKIPPED:
        check(len(lines) == 1 and "no descriptor" in lines[0], "no reason: %r" % lines)
        skip(lines[0])
    check(status == 1 and not lines, "status %d where nobody listens: %r" % (status, lines))


def conversation(path):
    with Session(path) as (program, server):
        for number in range(50):
            program.write("line %d\n" % number)
            line = b"line %d\n" % number
            check(receive(server, len(line)) == line, "another line")
            server.sendall(b"answer %d\n" % number)
            check(program.line() == "answer %d" % number, "another answer")
        # Each direction ends for itself.
        program.end_input()
        check(server.recv(1) == b"", "more than was typed")
        server.sendall(b"after the end\n")
        check(program.line() == "after the end", "another answer")
        server.close()
        check(program.wait() == 0 and program.rest() == [], "it does not end well")


def server_ends(path):
    """The server has sent all, and still gets what was typed before."""
    with Session(path) as (program, server):
        program.write("typed\n")
        check(receive(server, 6) == b"typed\n", "another line")
        server.shutdown(socket.SHUT_WR)
        check(program.wait() == 0, "it does not end well")
        check(server.recv(1) == b"", "more than was typed")


def fill(program):
    """Types until nothing more is taken; returns what was typed."""
    data = pattern(64 << 20)
    pipe = program.process.stdin
    sent = 0
    while sent < len(data) and select.select([], [pipe], [], 0.2)[1]:
        sent += pipe.raw.write(data[sent:sent + select.PIPE_BUF])
    check(sent < len(data), "the program takes any number of bytes")
    return data[:sent]


def stalled(path):
    """The server reads nothing: the input has to wait, and the other direction goes on."""
    with Session(path) as (program, server):
        data = fill(program)
        for number in range(10):
            server.sendall(b"%d\n" % number)
            check(program.line() == str(number), "another answer")
        program.end_input()
        check(receive(server, len(data)) == data, "what was typed differs")
        check(server.recv(1) == b"", "more than was typed")
        server.close()
        check(program.wait() == 0, "it does not end well")


def stalled_at_the_end(path):
    """The server has sent all and is slow to read: what the program has taken still arrives."""
    with Session(path) as (program, server):
        data = fill(program)
        waits = fcntl.ioctl(program.process.stdin, termios.FIONREAD, bytes(4))
        taken = len(data) - struct.unpack("i", waits)[0]
        program.process.send_signal(signal.SIGSTOP)  # it shall see both at once
        server.sendall(b"that was all\n")
        server.shutdown(socket.SHUT_WR)
        program.process.send_signal(signal.SIGCONT)
        check(program.line() == "that was all", "another answer")
        got = b"".join(iter(lambda: server.recv(65536), b""))
        check(data.startswith(got), "what was typed differs")
        check(len(got) >= taken, "%d bytes of %d came" % (len(got), taken))
        check(program.wait() == 0, "it does not end well")


def flood(path):
    """The server does not stop sending until it has heard a line: the input has its turn."""
    with Session(path) as (program, server):
        heard = threading.Event()
        failures = []

        def send():
            block = (b"x" * 99 + b"\n") * 1000
            try:
                while not heard.is_set():
                    server.sendall(block)
                server.shutdown(socket.SHUT_WR)
            except OSError as error:
                failures.append(error)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        for _ in range(1000):
            check(program.line() == "x" * 99, "another answer")
        program.write("stop\n")
        check(receive(server, 5) == b"stop\n", "another line")
        heard.set()
        check(set(program.rest()) <= {"x" * 99}, "another answer")
        thread.join(TIMEOUT)
        check(not thread.is_alive() and not failures, "sending failed: %s" % failures)
        check(program.wait() == 0, "it does not end well")


def file_as_input(path):
    with tempfile.NamedTemporaryFile() as file:
        data = pattern(3 << 20)
        file.write(data)
        file.flush()
        with Session("sh", "-c", 'exec "$1" "$2" <"$0"', file.name, path) as (program, server):
            check(receive(server, len(data)) == data, "the file differs")
            check(server.recv(1) == b"", "more than the file")
            server.sendall(b"thanks\n")
            server.close()
            check(program.rest() == ["thanks"] and program.wait() == 0, "it does not end well")


def reset(path):
    """An end that is none: the exit status says so."""
    with Session(path) as (program, server):
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        check(program.wait() == 1, "a reset is taken for the end")


def broken_off(path):
    """The server goes while much waits to be written to it, also after it has sent all."""
    for has_sent_all in (False, True):
        with Session(path) as (program, server):
            fill(program)
            if has_sent_all:
                server.shutdown(socket.SHUT_WR)
            check_calm(program.process.pid)
            server.close()  # with bytes unread, which is a reset
            check(program.wait() == 1, "what was typed is lost, and it does not say so")


def main():
    path = example()
    ask_for_descriptor(path)
    for part in (conversation, server_ends, stalled, stalled_at_the_end, flood, file_as_input,
                 reset, broken_off):
        part(path)
        print(part.__name__ + ": done", flush=True)


main()
