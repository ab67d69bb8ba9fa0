"""
Servers for Windows, under an emulator if there is one, and clients of the host.

    windows.py EXAMPLE [EMULATOR...] PROGRAM

Every step has its time, and what was started is ended.
"""
import hashlib
import os
import socket
import subprocess
import sys
import threading

from peer import TIMEOUT, Program, check, listening, pattern, port_of, receive

CLIENTS = 50


def connect(port):
    return socket.create_connection(("127.0.0.1", port), TIMEOUT)


def to_the_end(connection):
    data = bytearray()
    while part := connection.recv(65536):
        data += part
    return bytes(data)


def quickstart(program):
    port = port_of(listening(program))
    for _ in range(CLIENTS):
        with connect(port) as client:
            check(to_the_end(client) == b"hello\n", "another greeting")


def tcp_server(program):
    port = port_of(listening(program))
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.py")
    client = subprocess.run([sys.executable, "-B", script, str(port)], timeout=2 * TIMEOUT)
    check(client.returncode == 0, "the client failed")


def udp_server(program):
    port = port_of(listening(program))
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
    for size in (0, 1, 1472, 60000):
        for number, client in enumerate(clients):
            client.settimeout(TIMEOUT)
            data = pattern(size, number)
            client.sendto(data, ("127.0.0.1", port))
            check(client.recv(70000) == data, "the answer differs")
    gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(100):
        gone.sendto(b"?", ("127.0.0.1", port))
    gone.close()
    clients[0].sendto(b"still there", ("127.0.0.1", port))
    check(clients[0].recv(100) == b"still there", "the answer differs")


def digest_behind(listener, digests):
    """The target of the proxy: reads each client to its end, and answers with what it saw."""
    for _ in range(CLIENTS):
        connection = listener.accept()[0]
        connection.settimeout(TIMEOUT)
        data = to_the_end(connection)
        digests.append(hashlib.sha256(data).digest())
        connection.sendall(digests[-1])
        connection.close()


def proxy(program, listener):
    port = port_of(listening(program))
    digests = []
    target = threading.Thread(target=digest_behind, args=(listener, digests), daemon=True)
    target.start()
    for number in range(CLIENTS):
        data = pattern(1000 * number * number, number)
        with connect(port) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            check(to_the_end(client) == hashlib.sha256(data).digest(), "the bytes differ")
    target.join(TIMEOUT)
    check(len(digests) == CLIENTS, "not all came through")


name, command = sys.argv[1], sys.argv[2:]
if name == "proxy":
    target = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
    target.settimeout(TIMEOUT)
    with Program(*command, "0", "127.0.0.1:%d" % target.getsockname()[1]) as server:
        proxy(server, target)
else:
    with Program(*command, "127.0.0.1:0" if name == "quickstart" else "0") as server:
        {"quickstart": quickstart, "tcp_server": tcp_server, "udp_server": udp_server}[name](server)
print("%s: all came back" % name)
