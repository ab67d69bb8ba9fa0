"""Clients whose connections are handed to worker processes."""
import collections
import os
import signal
import socket
import time

from peer import TIMEOUT, Program, check, children_of, example, listening, port_of, states

CLIENTS = 300
WORKERS = 3
CROWD = 380  # a socket takes some 280 messages of one byte, musl a queue of 128 connections


def wait_for_death(pid):
    """Until all that the process had is closed; its parent does not wait for it."""
    deadline = time.monotonic() + TIMEOUT
    while states(pid) != "Z":
        check(time.monotonic() < deadline, "process %d does not end" % pid)
        time.sleep(0.01)


def ask(port):
    """The number of the worker, and which of its connections this is."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        text = b"".join(iter(lambda: connection.recv(100), b"")).decode()
    words = text.replace(",", "").split()
    check(len(words) == 4 and words[0] == "worker", "other words: %r" % text)
    return int(words[1]), int(words[3])


def take_turns():
    """Every worker gets as many as the others; without one of them the others go on."""
    with Program(example(), "0", str(WORKERS)) as dispatcher:
        port = port_of(listening(dispatcher))
        served = collections.Counter()
        for _ in range(CLIENTS):
            worker, number = ask(port)
            served[worker] += 1
            check(number == served[worker], "worker %d lost a connection" % worker)
        check(served == {k + 1: CLIENTS // WORKERS for k in range(WORKERS)}, "turns: %r" % served)
        first = children_of(dispatcher.process.pid)[0]
        os.kill(first, signal.SIGKILL)
        wait_for_death(first)
        check(1 not in {ask(port)[0] for _ in range(20)}, "the dead work")
        dispatcher.stop()


def wait_for_the_worker():
    """More connections than a stopped worker's socket takes: they wait, and none is lost."""
    with Program(example(), "0", "1") as dispatcher:
        port = port_of(listening(dispatcher))
        worker, = children_of(dispatcher.process.pid)
        os.kill(worker, signal.SIGSTOP)
        crowd = [socket.create_connection(("127.0.0.1", port), TIMEOUT) for _ in range(CROWD)]
        os.kill(worker, signal.SIGCONT)
        for connection in crowd:
            check(connection.recv(100).startswith(b"worker 1, "), "no answer")
            connection.close()
        dispatcher.stop()
    # The worker ends by itself: its standard output is the dispatcher's, which has ended.
    check(dispatcher.rest() == [], "more output")


take_turns()
wait_for_the_worker()
