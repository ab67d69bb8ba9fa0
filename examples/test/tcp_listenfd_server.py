"""Hands listening sockets to the example as systemd does, and what is none; talks to the server."""
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import peer


def start(sockets, pid="SELF", count=None, **options):
    fds = [each.fileno() for each in sockets]
    count = str(len(fds)) if count is None else count
    return peer.Program(sys.executable, "-I", "-S", "-B", "-c", peer.HAND_OVER,
                        peer.example(), pid, count, *map(str, fds), pass_fds=fds, **options)


def listener(family=socket.AF_INET, address=("127.0.0.1", 0)):
    sock = socket.socket(family)
    sock.bind(address)
    sock.listen(128)
    return sock


def connect(sock):
    return socket.create_connection(sock.getsockname(), timeout=peer.TIMEOUT)


def expect_listening(program, sockets):
    for sock in sockets:
        peer.check(peer.listening(program) == "127.0.0.1:%d" % sock.getsockname()[1],
                   "it listens elsewhere")


def echo(connection, data):
    """Writes and reads at the same time, as the server takes no more than it can give back."""
    sender = threading.Thread(target=connection.sendall, args=(data,), daemon=True)
    sender.start()
    peer.check(peer.receive(connection, len(data)) == data, "the echo is not what was sent")
    sender.join(peer.TIMEOUT)


def expect_echo(connection, data):
    peer.check(peer.receive(connection, len(data)) == data, "the echo is not what was sent")


def serves_before_and_after():
    """A peer that connects before the start, or during a replacement, is served as any other."""
    sockets = [listener(), listener()]
    early = [connect(sock) for sock in sockets]
    for place, connection in enumerate(early):
        connection.sendall(peer.pattern(1000, place))
    with start(sockets) as program:
        expect_listening(program, sockets)
        for place, connection in enumerate(early):
            expect_echo(connection, peer.pattern(1000, place))
        late = [connect(sock) for sock in sockets + sockets]
        for place, connection in enumerate(late + early):
            echo(connection, peer.pattern(300000, place))
        late[0].shutdown(socket.SHUT_WR)
        peer.check(late[0].recv(1) == b"", "it does not answer the end with the end")
        for sock in sockets:
            peer.check(fcntl.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK, "it may block")
        check_close_on_exec(program.process.pid, len(sockets))
        peer.check(program.stop() == -signal.SIGTERM, "it did not end by the signal")
    between = connect(sockets[1])
    between.sendall(b"is anybody there?")
    with start(sockets) as program:
        expect_listening(program, sockets)
        expect_echo(between, b"is anybody there?")


def slow_reader():
    """A peer that does not read gets all in the end, and does not hold up the others."""
    sock = listener()
    with start([sock]) as program:
        expect_listening(program, [sock])
        slow = connect(sock)
        data = peer.pattern(1 << 26)
        sent = 0
        while sent < len(data) and select.select([], [slow], [], 0.2)[1]:
            sent += slow.send(data[sent:sent + 65536])
        peer.check(sent < len(data), "the server takes without end")
        with connect(sock) as other:
            echo(other, peer.pattern(100000, 1))
        expect_echo(slow, data[:sent])


def check_close_on_exec(pid, count):
    """That programs which it starts do not inherit the sockets; on Linux, where one can look."""
    for fd in range(3, 3 + count):
        path = "/proc/%d/fdinfo/%d" % (pid, fd)
        if os.path.exists(path):
            with open(path) as file:
                flags = [line.split()[1] for line in file if line.startswith("flags:")]
            peer.check(int(flags[0], 8) & os.O_CLOEXEC, "descriptor %d is inherited" % fd)


def more_than_slots():
    """Those who find no place wait for one."""
    sock = listener()
    with start([sock]) as program:
        expect_listening(program, [sock])
        connections = [connect(sock) for _ in range(130)]
        for place, connection in enumerate(connections):
            connection.sendall(peer.pattern(100, place))
        for place, connection in enumerate(connections):
            expect_echo(connection, peer.pattern(100, place))
            connection.close()


def refused(text, sockets, **arguments):
    with start(sockets, stderr=subprocess.PIPE, **arguments) as program:
        status = program.wait()
        output = program.rest()
        errors = program.process.stderr.read().decode()
    peer.check(status == 1, "%s: it ended with %d" % (text, status))
    peer.check(output == [], "%s: it goes on: %s" % (text, output))
    peer.check(text in errors, "instead of '%s' it says '%s'" % (text, errors))


def refuses_what_is_not_for_it():
    with listener() as good:
        refused("LISTEN_PID is another process", [good], pid=str(os.getpid()))
        for pid in ("", "x", "-1", "99999999999999999999"):
            refused("LISTEN_PID is another process", [good], pid=pid)
        for count in ("", "0", "-1", "2x", "17", "99999999999999999999"):
            refused("LISTEN_FDS is not in the range", [good], count=count)
        refused("descriptor 4 is no TCP listener", [good], count="2")  # there is none
        peer.check(good.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN), "it listens no more")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LISTEN_")}
    with peer.Program(peer.example(), stderr=subprocess.PIPE, env=environment) as program:
        errors = program.process.stderr.read().decode()
        peer.check(program.wait() == 1 and "systemd-socket-activate" in errors,
                   "it does not say how to start it: " + errors)


def refuses_what_is_no_listener():
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
        good, datagrams, silent = listener(), socket.socket(type=socket.SOCK_DGRAM), socket.socket()
        unix = listener(socket.AF_UNIX, os.path.join(folder, "socket"))
        for wrong in (datagrams, silent, unix, file, connect(good)):
            refused("descriptor 3 is no TCP listener", [wrong, good])
            refused("descriptor 4 is no TCP listener", [good, wrong])


serves_before_and_after()
slow_reader()
more_than_slots()
refuses_what_is_not_for_it()
refuses_what_is_no_listener()
