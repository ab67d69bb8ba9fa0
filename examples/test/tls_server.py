"""Speaks TLS with the example: clients of python's ssl and of openssl, good ones and bad ones."""
import os
import select
import signal
import socket
import struct
import subprocess
import tempfile

import peer

try:
    import ssl
except ImportError:
    peer.skip("this python has no ssl")

RECORD = 16384
SLOTS = 200  # as in the example


class Server(peer.Program):
    """The example. Its reports are among its lines."""

    def __init__(self):
        super().__init__(peer.example(), "0", CERTIFICATE, KEY, stderr=subprocess.STDOUT)
        self.port = peer.port_of(peer.listening(self))

    def connect(self, **options):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=peer.TIMEOUT)
        return trusting(**options).wrap_socket(sock, server_hostname="127.0.0.1")

    def plain(self, buffer=None):
        sock = socket.socket()
        sock.settimeout(peer.TIMEOUT)
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.connect(("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def expect_report(self, phase, *texts):
        line = self.line() or ""
        peer.check(phase + ": " in line and any(text in line for text in texts),
                   "it says '%s' instead of '%s: %s'" % (line, phase, texts))

    def expect_end(self, finished=0, failed=0, cut_off=0):
        peer.check(self.stop(signal.SIGTERM) == 0, "it did not end well")
        summary = "stopped: %d finished, %d failed, %d cut off" % (finished, failed, cut_off)
        rest = self.rest()
        peer.check(rest == [summary], "%s instead of '%s'" % (rest, summary))


def trusting(version=None):
    """A client's settings: it trusts the server's certificate, and nothing else."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def can_be(connection, read=False, write=False, timeout=peer.TIMEOUT):
    found = select.select([connection] if read else [], [connection] if write else [], [], timeout)
    return bool(found[0] or found[1])


def exchange(connection, data, sent=0):
    """Sends what is not sent yet, and receives all, at the same time."""
    connection.setblocking(False)
    echo = []
    missing = len(data)
    while missing:
        try:
            while sent < len(data):
                sent += connection.send(data[sent:sent + RECORD])
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        try:
            while missing:
                part = connection.recv(RECORD)
                peer.check(part, "early end, %d bytes are missing" % missing)
                echo.append(part)
                missing -= len(part)
        except ssl.SSLWantReadError:
            peer.check(can_be(connection, read=True, write=sent < len(data)), "no echo")
    connection.settimeout(peer.TIMEOUT)
    peer.check(b"".join(echo) == data, "the echo is not what was sent")


def press(connection, data):
    """Sends without reading until nothing goes any more. Returns how much of it that was."""
    sent = 0
    connection.setblocking(False)
    while sent < len(data) and can_be(connection, write=True, timeout=0.3):
        try:
            sent += connection.send(data[sent:sent + RECORD])
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
    peer.check(sent < len(data), "the server takes without end")
    return sent


def say_goodbye(connection):
    """Both sides do, and then the stream ends without a reset."""
    sock = connection.unwrap()
    peer.check(sock.recv(1) == b"", "there is something after the goodbye")
    sock.close()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class ByHand:
    """A client whose records go to the socket as the test wants."""

    def __init__(self, sock, version=None):
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting(version).wrap_bio(self.incoming, self.outgoing,
                                              server_hostname="127.0.0.1")

    def finish(self, operation, *arguments):
        """Repeats it until it needs no more from the peer. Sends byte by byte."""
        while True:
            try:
                result = operation(*arguments)
                self.dribble()
                return result
            except ssl.SSLWantReadError:
                self.dribble()
                data = self.sock.recv(65536)
                peer.check(data, "early end")
                self.incoming.write(data)

    def dribble(self):
        for byte in self.outgoing.read():
            self.sock.sendall(bytes([byte]))


def echoes():
    """Small and large, in both versions, with a goodbye of both sides."""
    with Server() as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with server.connect(version=version) as connection:
                for size in (1, 100, RECORD, RECORD + 1, 8 << 20):
                    exchange(connection, peer.pattern(size, size))
                say_goodbye(connection)
        with server.connect() as connection:
            say_goodbye(connection)  # without a byte before
        server.expect_end(finished=3)


def records_in_one_packet():
    """More of them than one turn serves: OpenSSL has them all, and no event will tell of it."""
    count = 1000
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with Server() as server, server.plain() as sock:
            client = ByHand(sock, version)
            client.finish(client.tls.do_handshake)
            data = peer.pattern(count)
            for k in range(count):
                client.tls.write(data[k:k + 1])
            try:
                client.tls.unwrap()  # the goodbye comes with them, and is read after them
            except ssl.SSLWantReadError:
                pass
            sock.sendall(client.outgoing.read())
            echo = b""
            while len(echo) < count:
                echo += client.finish(client.tls.read, RECORD)
            peer.check(echo == data, "the echo is not what was sent")
            client.finish(client.tls.unwrap)
            server.expect_end(finished=1)


def byte_by_byte():
    with Server() as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with server.plain() as sock:
                client = ByHand(sock, version)
                client.finish(client.tls.do_handshake)
                client.finish(client.tls.write, b"one after the other")
                peer.check(client.finish(client.tls.read, 100) == b"one after the other", "echo")
                client.finish(client.tls.unwrap)
        server.expect_end(finished=2)


def more_than_slots():
    """All are there at the same time; those who find no place wait for one."""
    with Server() as server:
        socks = [server.plain() for _ in range(SLOTS + 10)]
        for k, sock in enumerate(socks):
            with trusting().wrap_socket(sock, server_hostname="127.0.0.1") as connection:
                exchange(connection, peer.pattern(1000, k))
                say_goodbye(connection)
        server.expect_end(finished=len(socks))


def slow_reader():
    """A peer that does not read gets all in the end, and does not hold up the others."""
    with Server() as server:
        sock = server.plain(buffer=65536)
        slow = trusting().wrap_socket(sock, server_hostname="127.0.0.1")
        data = peer.pattern(1 << 26)
        sent = press(slow, data)
        peer.check_calm(server.process.pid)
        with server.connect() as other:
            exchange(other, peer.pattern(1 << 20, 1))
            say_goodbye(other)
        # Bytes that could not be sent have to be tried again as they were: so they are sent, too.
        exchange(slow, data[:sent + RECORD], sent)
        say_goodbye(slow)
        server.expect_end(finished=2)


def vanishing_peers():
    """The errors of one connection are not those of another one that goes on after it."""
    with Server() as server:
        other = server.connect()

        def expect_report(*texts):
            server.expect_report("echo", *texts)
            exchange(other, b"still there")
            exchange(other, b"and once more")

        connection = server.connect()
        exchange(connection, b"hello")
        reset(connection)
        expect_report("reset", "ECONNRESET")
        connection = server.connect()
        exchange(connection, b"hello")
        connection.close()  # without a goodbye
        expect_report("unexpected eof", "ended")
        connection = server.connect()  # the server waits for room to write meanwhile
        press(connection, peer.pattern(1 << 26))
        reset(connection)
        expect_report("reset", "pipe")
        server.expect_end(failed=3, cut_off=1)
        peer.check(other.recv(1) == b"", "the end of the server is not seen")


def failing_handshakes():
    with Server() as server:
        with server.plain() as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            server.expect_report("handshake", "http request", "wrong version number")
        with server.plain() as sock:
            sock.sendall(bytes(100))
            server.expect_report("handshake", "wrong version number", "unsupported", "record")
        with server.plain() as sock:
            client = ByHand(sock)
            try:
                client.tls.do_handshake()
            except ssl.SSLWantReadError:
                sock.sendall(client.outgoing.read()[:100])
        server.expect_report("handshake", "unexpected eof", "ended")
        server.plain().close()
        server.expect_report("handshake", "unexpected eof", "ended")
        with server.plain() as sock:
            try:
                ssl.create_default_context().wrap_socket(sock, server_hostname="127.0.0.1")
                peer.fail("this client should not trust the certificate")
            except ssl.SSLCertVerificationError:
                pass
            server.expect_report("handshake", "unknown ca")
        silent = server.plain()
        with server.connect() as connection:  # nobody else is worse off
            exchange(connection, b"hello")
            say_goodbye(connection)
        server.expect_end(finished=1, failed=5, cut_off=1)
        silent.close()


def s_client(server, *options):
    return peer.Program("openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port, "-CAfile",
                        CERTIFICATE, "-verify_return_error", *options, stderr=subprocess.STDOUT)


def wait_for(program, text):
    for line in iter(program.line, None):
        if text in line:
            return
    peer.fail("s_client does not say '%s'" % text)


def openssl_as_client():
    with Server() as server:
        with s_client(server, "-quiet", "-no_ign_eof") as client:
            client.write("hello, hello\n")
            wait_for(client, "hello, hello")
            client.end_input()
            peer.check(client.wait() == 0, "s_client ended badly")
        server.expect_end(finished=1)
    if not is_openssl():
        return
    with Server() as server:
        with s_client(server, "-tls1_3") as client:
            client.write("K\n")  # new keys, for both sides: the server's read has to write
            wait_for(client, "KEYUPDATE")
            client.write("hello, hello\n")
            wait_for(client, "hello, hello")
            client.write("Q\n")
            peer.check(client.wait() == 0, "s_client ended badly")
        with s_client(server, "-tls1_2") as client:
            client.write("R\n")
            wait_for(client, "no renegotiation")
        server.expect_report("echo", "alert handshake failure", "ended", "eof", "reset")
        with s_client(server, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as client:
            client.end_input()
            peer.check(client.wait() != 0, "it speaks TLS 1.1")
        server.expect_report("handshake", "unsupported protocol", "version")
        server.expect_end(finished=1, failed=2)


def is_openssl():
    """LibreSSL has a program of that name, too, with other commands."""
    version = subprocess.run(["openssl", "version"], stdout=subprocess.PIPE, timeout=peer.TIMEOUT)
    return version.stdout.startswith(b"OpenSSL ")


def refuses_to_start():
    """Without a certificate, or with one that is none, it says so and does not listen."""
    for files in ((CERTIFICATE + "x", KEY), (CERTIFICATE, CERTIFICATE), (KEY, KEY), ()):
        with peer.Program(peer.example(), "0", *files, stderr=subprocess.STDOUT) as program:
            lines = program.rest()
            peer.check(program.wait() == 1, "it did not fail: %s" % lines)
            peer.check("failed" in lines[0] or "usage" in lines[0], "it says %s" % lines)


def main():
    echoes()
    records_in_one_packet()
    byte_by_byte()
    more_than_slots()
    slow_reader()
    vanishing_peers()
    failing_handshakes()
    openssl_as_client()
    refuses_to_start()


with tempfile.TemporaryDirectory() as folder:
    CERTIFICATE, KEY = peer.make_certificate(folder)
    main()
