"""Sends datagrams of all sizes from many sockets and checks that each gets its own back."""
import signal
import socket
import subprocess

import peer
from peer import Program, check, example, fail, listening, pattern, port_of

TRIES = 20  # datagrams may get lost, even here, when a queue is full


def ask(client, data):
    client.settimeout(0.5)
    for _ in range(TRIES):
        client.send(data)
        try:
            while True:
                answer = client.recv(70000)
                if answer == data:
                    return
                # An answer to an earlier try of an earlier question; anything else is an error.
                check(answer in client_asked[client], "an answer that nobody asked for")
        except socket.timeout:
            pass
    fail("no answer to %d bytes" % len(data))


def burst(server, port):
    """
    Datagrams that come while the server is stopped fill its queue, which is longer than that of a
    socket as it is: both are filled, and the server answers more than the other one holds.
    """
    count = 4000
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as usual:
        usual.bind(("127.0.0.1", 0))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        longer = client.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        if longer <= usual.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF):
            print("without a burst: net.core.rmem_max allows no longer queue")
            return
        peer.halt(server)
        for _ in range(count):
            client.sendto(b"burst", ("127.0.0.1", port))
            client.sendto(b"burst", usual.getsockname())
        server.process.send_signal(signal.SIGCONT)
        answers, held = received(client, 1), received(usual, 0.1)
    print("burst of %d: %d answers, a usual queue holds %d" % (count, answers, held))
    check(answers > held, "the queue of the server is as short as any")


def received(receiver, timeout):
    """How many datagrams come until there is none for so many seconds."""
    receiver.settimeout(timeout)
    count = 0
    try:
        while True:
            receiver.recv(100)
            count += 1
    except socket.timeout:
        return count


client_asked = {}
with Program(example(), "0") as server:
    port = port_of(listening(server))
    clients = []
    for _ in range(50):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(("127.0.0.1", port))
        clients.append(client)
        client_asked[client] = set()
    for size in (0, 1, 100, 1472, 9000, 65507):
        for number, client in enumerate(clients):
            data = pattern(size, number)
            client_asked[client].add(data)
            ask(client, data)
    # A client that vanishes before its answers come is nothing to the others.
    gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(100):
        gone.sendto(b"?", ("127.0.0.1", port))
    gone.close()
    burst(server, port)
    ask(clients[0], b"still there")
    check(server.stop() == -15, "the server ended in another way")


def failing(call, error, last, says):
    """The calls from the second to the last one fail. The server says so once, if ever."""
    rule = "%s:error=%s:when=2%s" % (call, error, last)
    with Program(*peer.injecting(rule), example(), "0", stderr=subprocess.PIPE) as server:
        port = port_of(listening(server))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", port))
            client_asked[client] = set()
            ask(client, b"first")
            client.send(b"second")  # once: the server has to come back to it by itself
            if says is not None:
                client.settimeout(peer.TIMEOUT)
                check(client.recv(100) == b"second", "another answer")
            peer.check_calm(server.process.pid)
        server.stop()
        lines = server.process.stderr.read().decode().splitlines()
    check(len(lines) == (says or 0), "%s of %s: it says %s" % (error, call, lines))


if peer.can_inject():
    failing("recvfrom,recvmsg", "ENOMEM", "..40", says=1)
    failing("recvfrom,recvmsg", "EHOSTUNREACH", "..4", says=0)
    failing("sendto,sendmsg", "EPERM", "+", says=None)  # the answers are lost
    failing("sendto,sendmsg", "ENOBUFS", "+", says=None)
else:
    print("without calls that fail: strace cannot be used here")
