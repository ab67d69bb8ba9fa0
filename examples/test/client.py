"""Asks an echo server on 127.0.0.1 (the port is the argument) and checks what comes back."""
import socket
import sys


def receive(connection, size):
    data = bytearray()
    while len(data) < size:
        part = connection.recv(65536)
        if not part:
            sys.exit("early end after %d of %d bytes" % (len(data), size))
        data += part
    return bytes(data)


connections = [socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30) for _ in range(50)]
for size in (1, 100, 16384, 60000):
    blocks = [bytes((size + 7 * i + k * k) % 251 for k in range(251)) for i in range(50)]
    sent = [(block * (size // 251 + 1))[:size] for block in blocks]
    for connection, data in zip(connections, sent):
        connection.sendall(data)
    for connection, data in zip(connections, sent):
        if receive(connection, size) != data:
            sys.exit("the answer differs")
for connection in connections:
    connection.shutdown(socket.SHUT_WR)
    if connection.recv(1) != b"":
        sys.exit("more bytes than were sent")
    connection.close()
