"""Peers that break off while the example still has to write, and accepts that fail.

    broken_peers.py EXAMPLE [ECHO_SERVER]     the second one is the target of the proxy

After each of them the example serves the next peer, holds no descriptor of the last one, and does
not use the processor: a loop that goes on after an error would.
"""
import fcntl
import os
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import time

import peer
from peer import TIMEOUT, Program, check

SMALL = 16384  # buffers of a peer, so that what goes to it stops soon
LINE = b"y" * 400 + b"\n"


# ---- How a peer ends -----------------------------------------------------------------------------

def reset(connection):
    """With a reset: the example's write fails with ECONNRESET."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close_unread(connection):
    """With bytes that it has not read, which is a reset, too."""
    connection.close()


# ---- What a process does -------------------------------------------------------------------------

def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def wait_until(condition, text):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        check(time.monotonic() < deadline, text)
        time.sleep(0.01)


# ---- The examples --------------------------------------------------------------------------------

class Echo:
    """A server that sends back what it gets, on TCP."""
    first_error = 2  # which call of accept is the first that may fail, so that one peer is served

    def __init__(self, *argv, strace=(), **options):
        self.program = Program(*strace, *(argv or (peer.example(), "0")), **options)
        self.pid = self.program.process.pid
        self.address = peer.listening(self.program)

    def connect(self):
        connection = socket.socket()
        connection.settimeout(TIMEOUT)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        connection.connect(("127.0.0.1", peer.port_of(self.address)))
        return self.wrap(connection)

    def wrap(self, connection):
        return connection

    def ask(self, connection):
        data = peer.pattern(3000)
        connection.sendall(data)
        check(peer.receive(connection, len(data)) == data, "the echo is not what was sent")

    def press(self, connection):
        """Has the example write until nothing goes any more."""
        data = peer.pattern(1 << 26)
        sent = 0
        connection.setblocking(False)
        while sent < len(data) and select.select([], [connection], [], 0.2)[1]:
            try:
                sent += connection.send(data[sent:sent + SMALL])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                pass
        check(sent < len(data), "the example takes without end")

    def request_and_go(self):
        """
        Ends before the answer comes. The end arrives first, so the write after the reset fails with
        EPIPE. The server is stopped meanwhile, so that all of it is there before the first write.
        """
        connection = self.connect()
        self.ask(connection)
        os.kill(self.pid, signal.SIGSTOP)
        connection.sendall(peer.pattern(50000))
        connection.close()
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.__exit__()


class PerCore(Echo):
    def __init__(self, **options):
        super().__init__(peer.example(), "0", "1", **options)


class HandedOver(Echo):
    def __init__(self, **options):
        with socket.create_server(("127.0.0.1", 0)) as sock:
            super().__init__(sys.executable, "-I", "-S", "-B", "-c", peer.HAND_OVER,
                             peer.example(), "SELF", "1", str(sock.fileno()),
                             pass_fds=[sock.fileno()], **options)


class Proxy(Echo):
    """In front of an echo server."""

    def __init__(self, **options):
        self.target = Program(sys.argv[2], "0")
        super().__init__(peer.example(), "0", peer.listening(self.target), **options)

    def __exit__(self, *_):
        super().__exit__()
        self.target.__exit__()


class Tls(Echo):
    def __init__(self, **options):
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(peer.example(), "0", *peer.make_certificate(self.folder.name),
                         stderr=subprocess.DEVNULL, **options)

    def wrap(self, connection):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection, do_handshake_on_connect=False)

    def press(self, connection):
        self.ask(connection)
        super().press(connection)

    def __exit__(self, *_):
        super().__exit__()
        self.folder.cleanup()


class Chat(Echo):
    """A guest is served when the one who came first hears it."""

    def __init__(self, **options):
        self.folder = tempfile.TemporaryDirectory()
        super().__init__(peer.example(), os.path.join(self.folder.name, "chat"), **options)
        self.said = 0
        count = descriptors(self.pid)
        self.resident = self.connect()
        wait_until(lambda: descriptors(self.pid) == count + 1, "nobody may come in")

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(TIMEOUT)
        connection.connect(self.address[len("unix:"):])
        return connection

    def ask(self, connection):
        self.said += 1
        connection.sendall(b"word %d\n" % self.said)
        end = b": word %d\n" % self.said
        heard = b""
        while not heard.endswith(end):
            heard += peer.receive(self.resident, 1)

    def press(self, connection):
        """Speaks until the guest's socket is full: then a little waits in the server."""
        for _ in range(3000):
            before = self.unread(connection)
            self.resident.sendall(LINE)
            deadline = time.monotonic() + 0.2
            while self.unread(connection) == before:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.0005)
        peer.fail("a socket takes without end")

    @staticmethod
    def unread(connection):
        return struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, bytes(4)))[0]

    def request_and_go(self):
        """Is gone when the next word is for it."""
        connection = self.connect()
        self.ask(connection)
        os.kill(self.pid, signal.SIGSTOP)
        connection.close()
        self.resident.sendall(3 * LINE)
        os.kill(self.pid, signal.SIGCONT)

    def __exit__(self, *_):
        super().__exit__()
        self.folder.cleanup()


class Workers(Echo):
    """Greets and hangs up; there is nothing to press it with."""
    first_error = 3  # it looks for connections when its workers are ready, too

    def ask(self, connection):
        text = b"".join(iter(lambda: connection.recv(100), b""))
        check(text.startswith(b"worker "), "no greeting: %r" % text)

    def press(self, connection):
        pass

    def request_and_go(self):
        """The workers go: one after the other, then all."""
        for left in (1, 0):
            worker = peer.children_of(self.pid)[-1 - left]
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: peer.states(worker) == "Z", "a worker does not end")
            with self.connect() as connection:
                if left:
                    self.ask(connection)
                else:
                    check(self.program.wait() == 1, "it goes on without workers")


SERVERS = {"tcp_server": Echo, "graceful_shutdown": Echo, "per_core": PerCore, "proxy": Proxy,
           "tcp_listenfd_server": HandedOver, "tls_server": Tls, "unix_chat": Chat,
           "fd_passing": Workers}


# ---- Servers -------------------------------------------------------------------------------------

def check_settled(server, count):
    """That it serves the next peer, has closed all of them, and waits."""
    with server.connect() as connection:
        server.ask(connection)
    wait_until(lambda: descriptors(server.pid) <= count, "a connection that ended is still open")
    peer.check_calm(server.pid)


def stop(server):
    """By its handler, if it has one, or by the signal."""
    status = server.program.stop()
    check(status in (0, -signal.SIGTERM), "it ended with %d" % status)


def peers_break_off(kind):
    with kind() as server:
        count = descriptors(server.pid)
        for end in (reset, close_unread):
            connection = server.connect()
            server.press(connection)
            end(connection)
            check_settled(server, count)
        server.request_and_go()
        if kind is not Workers:
            check_settled(server, count)
            stop(server)


def no_descriptors(kind):
    """A new peer waits, and so does the server, until there is a descriptor."""
    with kind() as server:
        count = descriptors(server.pid)
        check_settled(server, count)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (count, limits[1]))
        with server.connect() as connection:
            peer.check_calm(server.pid)
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)
            server.ask(connection)
        stop(server)


def accept_fails(kind, error):
    """After the first connection, for ever: that one is served."""
    rule = "accept4:error=%s:when=%d+" % (error, kind.first_error)
    with kind(strace=peer.injecting(rule)) as server:
        with server.connect() as connection:
            server.ask(connection)
            with server.connect():
                peer.check_calm(server.pid)


def all_slots(slots=1000):
    """Says so once, however many come and go; whoever finds no slot waits for one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < slots + 50:
        print("without full slots: this process may have %d descriptors" % hard)
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Echo(stderr=subprocess.STDOUT) as server:
        connections = [server.connect() for _ in range(slots + 1)]
        line = server.program.line() or ""
        check("all slots are in use" in line, "it says: " + line)
        for _ in range(5):
            connections.pop(0).close()
            server.ask(connections[-1])
            connections.append(server.connect())
        peer.check_calm(server.pid)
        stop(server)
        rest = server.program.rest()
        check(len(rest) <= 1, "it says so again and again: %s" % rest)
        for connection in connections:
            connection.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def no_epoll():
    """Where epoll is forbidden poll(2) serves as well."""
    for error in ("ENOSYS", "EPERM"):
        with Echo(strace=peer.injecting("epoll_create1:error=%s" % error)) as server:
            with server.connect() as connection:
                server.ask(connection)


def main():
    if not os.path.isdir("/proc/self/fd") or not hasattr(resource, "prlimit"):
        peer.skip("descriptors of another process cannot be counted and limited here")
    name = os.path.basename(peer.example())
    kind = SERVERS[name]
    peers_break_off(kind)
    no_descriptors(kind)
    if name == "tcp_server":
        all_slots()
    if not peer.can_inject():
        print("without calls that fail: strace cannot be used here")
        return
    if kind is not Chat:
        for error in ("ECONNABORTED", "EPERM"):
            accept_fails(kind, error)
    if name == "tcp_server":
        no_epoll()


main()
