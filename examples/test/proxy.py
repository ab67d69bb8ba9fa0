"""Clients and a target around the proxy: transfers, ends, resets and refusals."""
import os
import resource
import select
import socket
import struct
import threading
import time

from peer import (TIMEOUT, Program, check, example, fail, listening, pattern, port_of, receive)

MIB = 1 << 20


class Target:
    """A listening socket, and a proxy that connects to it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.settimeout(TIMEOUT)
        # Accepted sockets inherit the small buffer, so that the proxy's own fills soon.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def accept(self):
        connection = self.listener.accept()[0]
        connection.settimeout(TIMEOUT)
        return connection

    def pair(self, port):
        """Both ends of a session: the client's and the target's."""
        client = connect(port)
        return client, self.accept()


def connect(port):
    client = socket.socket()
    client.settimeout(TIMEOUT)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
    client.connect(("127.0.0.1", port))
    return client


class Worker:
    """A function in a thread; end() waits for it and says what went wrong."""

    def __init__(self, function, *args):
        self.error = None
        self.thread = threading.Thread(target=self._run, args=(function, args), daemon=True)
        self.thread.start()

    def _run(self, function, args):
        try:
            function(*args)
        except (Exception, SystemExit) as error:
            self.error = error

    def end(self):
        self.thread.join(2 * TIMEOUT)
        check(not self.thread.is_alive(), "a transfer did not end")
        if self.error:
            fail(str(self.error))


def send_all(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def expect(connection, data, slow=0):
    """Reads to the end. Every so many bytes a slow reader takes a nap."""
    got = bytearray()
    nap = slow
    while True:
        part = connection.recv(65536)
        if not part:
            break
        got += part
        if slow and len(got) >= nap:
            nap += slow
            time.sleep(0.005)
    check(got == data, "%d bytes came, %d were sent, or they differ" % (len(got), len(data)))


def expect_reset(connection):
    """Bytes that arrived before may still be read; the end must be a reset."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return
    fail("a session that was cut off looks like one that ended")


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def both_ways(target, port):
    """Big transfers in both directions at once, for four sessions whose readers are slow."""
    workers, connections = [], []
    for number in range(4):
        up, down = pattern(4 * MIB + number, number), pattern(5 * MIB + number, 100 + number)
        client, server = target.pair(port)
        connections += [client, server]
        workers += [Worker(send_all, client, up), Worker(send_all, server, down),
                    Worker(expect, client, down, MIB // 8), Worker(expect, server, up, MIB // 4)]
    for worker in workers:
        worker.end()
    for connection in connections:
        connection.close()


def back_pressure(target, port):
    """Nobody reads: the sender must come to a stop. Then everything has to arrive."""
    for swap in (False, True):
        sender, reader = target.pair(port)
        if swap:
            sender, reader = reader, sender
        data = pattern(64 * MIB)
        sent = 0
        while sent < len(data) and select.select([], [sender], [], 0.2)[1]:
            sent += sender.send(data[sent:sent + MIB])
        check(sent < len(data), "the proxy takes any number of bytes")
        # The way back is open meanwhile.
        reader.sendall(b"still there")
        receive(sender, 11)
        data = data[:sent + MIB]
        worker = Worker(send_all, sender, data[sent:])
        expect(reader, data)
        worker.end()
        reader.close()
        sender.close()


def half_close(target, port):
    """The end of one direction arrives, and the other direction goes on."""
    for swap in (False, True):
        first, second = target.pair(port)
        if swap:
            first, second = second, first
        request, answer = pattern(100000, 1), pattern(2 * MIB, 2)
        send_all(first, request)
        expect(second, request)
        worker = Worker(send_all, second, answer)
        expect(first, answer)
        worker.end()
        first.close()
        second.close()
    # An end without a single byte.
    client, server = target.pair(port)
    client.shutdown(socket.SHUT_WR)
    expect(server, b"")
    server.close()
    expect(client, b"")
    client.close()


def resets(target, port):
    for swap in (False, True):
        gone, left = target.pair(port)
        if swap:
            gone, left = left, gone
        gone.sendall(b"x")
        receive(left, 1)
        reset(gone)
        expect_reset(left)
        left.close()


def vanish_while_full(target, port):
    """The proxy reads from nobody when one of them goes: it has to find out all the same."""
    for swap in (False, True):
        gone, left = target.pair(port)
        if swap:
            gone, left = left, gone
        data = pattern(MIB)
        while select.select([], [gone], [], 0.2)[1]:
            gone.send(data)
        reset(gone)
        watch = select.poll()
        watch.register(left, 0)  # errors are reported always
        check(watch.poll(TIMEOUT * 1000), "the proxy did not see that its peer went")
        expect_reset(left)
        left.close()


def many(target, port):
    """More at once than a batch of events has room for."""
    pairs = {}
    clients = [connect(port) for _ in range(300)]
    for number, client in enumerate(clients):
        client.sendall(b"%04d" % number)
    for _ in clients:
        server = target.accept()
        pairs[int(receive(server, 4))] = server
    check(len(pairs) == len(clients), "sessions were mixed up")
    for number, server in pairs.items():
        server.sendall(pattern(3000, number))
    for number, client in enumerate(clients):
        check(receive(client, 3000) == pattern(3000, number), "the answer of another session")
        client.close()
    for server in pairs.values():
        check(server.recv(1) == b"", "bytes from nowhere")
        server.close()


def few_descriptors(target, path):
    """With descriptors for one session the others wait for its end; nobody is turned away."""
    with Program(path, "0", target.address) as proxy:
        port = port_of(listening(proxy))
        folder = "/proc/%d/fd" % proxy.process.pid
        if not hasattr(resource, "prlimit") or not os.path.isdir(folder):
            return
        limit = len(os.listdir(folder)) + 2
        resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        clients = [connect(port) for _ in range(4)]
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)
        for _ in clients:
            server = target.accept()
            client = clients[int(receive(server, 1))]
            server.sendall(b"welcome")
            receive(client, 7)
            client.close()
            server.close()
        proxy.stop()


def refused(path):
    """A port that is taken, but where nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with Program(path, "0", "127.0.0.1:%d" % closed.getsockname()[1]) as proxy:
            port = port_of(listening(proxy))
            for _ in range(20):
                try:
                    client = connect(port)
                except ConnectionResetError:
                    continue  # the proxy was faster than we
                expect_reset(client)
                client.close()
            proxy.stop()


def main():
    path = example()
    target = Target()
    with Program(path, "0", target.address) as proxy:
        port = port_of(listening(proxy))
        for part in (both_ways, back_pressure, half_close, resets, vanish_while_full, many):
            part(target, port)
            print(part.__name__ + ": done", flush=True)
        client, server = target.pair(port)
        client.sendall(b"alive")
        receive(server, 5)
        proxy.stop()
    few_descriptors(target, path)
    refused(path)


main()
