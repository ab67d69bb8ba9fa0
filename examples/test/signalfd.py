"""Sends signals to the example and compares what it counts."""
import os
import signal

import peer


def start():
    program = peer.Program(peer.example())
    line = program.line() or ""
    peer.check(line == "waiting for signals as process %d" % program.process.pid,
               "it does not say that it is ready: " + line)
    return program


def expect(program, *names):
    """The reports of these signals, in any order; all of them come from this process."""
    lines = sorted(program.line() or "" for _ in names)
    wanted = sorted("%s from process %d" % (name, os.getpid()) for name in names)
    peer.check(lines == wanted, "%s instead of %s" % (lines, wanted))


def end(program, number, summary):
    status = program.stop(number)
    peer.check(status == 0, "it ended with %d" % status)
    expect(program, signal.Signals(number).name)
    rest = program.rest()
    peer.check(rest == [summary], "it ends with %s instead of %s" % (rest, summary))


def one_by_one():
    """Every signal is reported, also the one after a drain: that is a new edge each time."""
    with start() as program:
        for _ in range(20):
            program.process.send_signal(signal.SIGUSR1)
            expect(program, "SIGUSR1")
        for _ in range(3):
            program.process.send_signal(signal.SIGHUP)
            expect(program, "SIGHUP")
        end(program, signal.SIGTERM, "20 SIGUSR1, 3 SIGHUP")


def together():
    """While it is stopped equal signals merge, and different ones come in one batch."""
    with start() as program:
        peer.halt(program)
        for _ in range(5):
            program.process.send_signal(signal.SIGUSR1)
            program.process.send_signal(signal.SIGHUP)
        program.process.send_signal(signal.SIGCONT)
        expect(program, "SIGUSR1", "SIGHUP")
        program.process.send_signal(signal.SIGUSR1)
        expect(program, "SIGUSR1")
        end(program, signal.SIGINT, "2 SIGUSR1, 1 SIGHUP")


def last_ones():
    """Signals that are pending together with the last one are counted."""
    with start() as program:
        peer.halt(program)
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT):
            program.process.send_signal(number)
        program.process.send_signal(signal.SIGCONT)
        status = program.wait()
        peer.check(status == 0, "it ended with %d" % status)
        expect(program, "SIGUSR1", "SIGHUP", "SIGTERM", "SIGINT")
        peer.check(program.rest() == ["1 SIGUSR1, 1 SIGHUP"], "the summary is wrong")


one_by_one()
together()
last_ones()
