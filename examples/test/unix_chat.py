"""Guests of the chat, among them one that never listens, one that vanishes, nc and socat."""
import os
import shutil
import socket
import tempfile

from peer import TIMEOUT, Program, check, example, listening, receive


def guest(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT)
    connection.connect(path)
    return connection


def hear(connection, line):
    check(receive(connection, len(line)) == line, "another line than " + repr(line))


def run(path):
    # A path that was left behind.
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(path)
    left.close()
    with Program(example(), path) as server:
        check(listening(server) == "unix:" + path, "another address")
        guests = []
        for number in range(1, 4):
            guests.append(guest(path))
            if number > 1:  # whether the second hears the first is not certain
                guests[-1].sendall(b"hello\n")
            for other in guests[:-1]:
                hear(other, b"guest %d: hello\n" % number)
        guests[0].sendall(b"welcome\n")
        for other in guests[1:]:
            hear(other, b"guest 1: welcome\n")
        # A line in pieces, several lines in one piece, a line longer than the server's buffer.
        guests[0].sendall(b"one ")
        guests[0].sendall(b"line\ntwo\nthree\n")
        guests[0].sendall(b"x" * 600 + b"\n")
        for other in guests[1:]:
            hear(other, b"guest 1: one line\nguest 1: two\nguest 1: three\n")
            hear(other, b"guest 1: " + b"x" * 512 + b"\nguest 1: " + b"x" * 88 + b"\n")
        # One that never listens has to leave; the others go on.
        deaf = guest(path)
        deaf.sendall(b"deaf\n")
        for other in guests:
            hear(other, b"guest 4: deaf\n")
        line = b"y" * 400
        for _ in range(3000):
            guests[0].sendall(line + b"\n")
            for other in guests[1:]:
                hear(other, b"guest 1: " + line + b"\n")
        heard = b"".join(iter(lambda: deaf.recv(65536), b""))
        check(len(heard) < 3000 * len(line), "who does not listen was waited for")
        deaf.close()
        # One that vanishes, with words unread.
        guests[0].sendall(b"gone?\n")
        guests[2].close()
        hear(guests[1], b"guest 1: gone?\n")
        guests[1].sendall(b"bye\n")
        hear(guests[0], b"guest 2: bye\n")
        for tool in (("nc", "-U", path), ("socat", "-", "UNIX-CONNECT:" + path)):
            if not shutil.which(tool[0]):
                print("skipped: %s is not installed" % tool[0])
                continue
            with Program(*tool) as client:
                client.write("from %s\n" % tool[0])
                hear(guests[0], b"guest 3: from %s\n" % tool[0].encode())
                hear(guests[1], b"guest 3: from %s\n" % tool[0].encode())
                guests[0].sendall(b"welcome\n")
                hear(guests[1], b"guest 1: welcome\n")
                check(client.line() == "guest 1: welcome", tool[0] + " did not hear")
        check(server.stop() == 0, "the server did not end well")
        check(not os.path.exists(path), "the path is still there")


folder = tempfile.mkdtemp()
try:
    run(os.path.join(folder, "chat"))
finally:
    shutil.rmtree(folder)
