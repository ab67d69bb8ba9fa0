"""Clients of a server with several loops: echoes, and how the connections were spread."""
import re
import signal
import socket

from peer import TIMEOUT, Program, check, example, listening, pattern, port_of, receive

CLIENTS = 200
THREADS = 4


def connect(port):
    return socket.create_connection(("127.0.0.1", port), TIMEOUT)


def counts(lines):
    """The connections of each thread, and the total, as the server prints them."""
    each = [int(found.group(1)) for found in
            (re.fullmatch(r"thread \d+: (\d+) connections", line) for line in lines[:-1]) if found]
    total = re.fullmatch(r"total: (\d+) connections", lines[-1] if lines else "")
    check(total and len(each) == len(lines) - 1, "unknown output: %r" % lines)
    return each, int(total.group(1))


def spread(path):
    with Program(path, "0", str(THREADS)) as server:
        port = port_of(listening(server))
        check(server.line() == "%d threads" % THREADS, "another number of threads")
        clients = [connect(port) for _ in range(CLIENTS)]
        for size in (1, 100, 4096, 50000):
            for number, client in enumerate(clients):
                client.sendall(pattern(size, number))
            for number, client in enumerate(clients):
                check(receive(client, size) == pattern(size, number), "the answer differs")
        for client in clients[::2]:
            client.shutdown(socket.SHUT_WR)
            check(client.recv(1) == b"", "more bytes than were sent")
            client.close()
        check(server.stop() == 0, "the server does not end well")
        for client in clients[1::2]:  # those that were open at the end
            check(client.recv(1) == b"", "more bytes than were sent")
            client.close()
        each, total = counts(server.rest())
    print("connections of each thread:", each)
    check(len(each) == THREADS, "a thread is missing")
    check(sum(each) == total == CLIENTS, "%d of %d connections counted" % (total, CLIENTS))
    check(sum(count > 0 for count in each) > 1, "one thread got all connections")


def alone(path):
    """One thread, the other signal, and no connection at all."""
    with Program(path, "0", "1") as server:
        listening(server)
        check(server.stop(signal.SIGINT) == 0, "the server does not end well")
        each, total = counts(server.rest()[1:])
        check(each == [0] and total == 0, "connections from nowhere")


def mistakes(path):
    for threads in ("0", "x", "65", ""):
        with Program(path, "0", threads) as server:
            check(server.wait() == 1, "%r is taken for a number of threads" % threads)


def main():
    path = example()
    spread(path)
    alone(path)
    mistakes(path)


main()
