"""Ends the children of the example in every way, and looks for what is left of them."""
import os
import re
import signal
import sys
import time

import peer

SLEEP = ("sleep", "100")


def need_pidfd():
    if not hasattr(os, "pidfd_open"):
        peer.skip("this Python has no os.pidfd_open")
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        peer.skip("the system refuses pidfd_open: " + error.strerror)


def started(program):
    """The number of the child that is running now."""
    line = program.line() or ""
    match = re.fullmatch(r"started (\d+)", line)
    peer.check(match, "no child was started: " + line)
    return int(match.group(1))


def ended(program, pid, how):
    line = program.line()
    peer.check(line == "%d: %s" % (pid, how), "%r instead of %s" % (line, how))


def processes(pid):
    """The children of a process, also those that nobody has reaped."""
    children = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if parent == pid:
            children.append(int(name))
    return children


def descriptors(pid):
    return sorted(os.listdir("/proc/%d/fd" % pid), key=int)


def gone(pid):
    return not os.path.exists("/proc/%d" % pid)


def state(pid):
    try:
        return peer.states(pid)
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def stop(program, number=signal.SIGTERM):
    """Ends the example; returns what it has printed since."""
    status = program.stop(number)
    peer.check(status == 0, "it ended with %d" % status)
    return program.rest()


def statuses():
    """Children that end by themselves, at once, and not too often."""
    with peer.Program(peer.example(), "sh", "-c", "exit 3") as program:
        first, count, seen = time.monotonic(), 20, set()
        for _ in range(count):
            pid = started(program)
            ended(program, pid, "exit status 3")
            seen.add(pid)
        # The first start may have been long before its line was read.
        peer.check(time.monotonic() - first >= 0.1 * (count - 2), "it starts them too often")
        peer.check(len(seen) == count, "a process ended twice")
        stop(program)
    with peer.Program(peer.example(), "/no/such/program") as program:
        ended(program, started(program), "exit status 127")
        stop(program)


def killed():
    """Each start uses the descriptors that the one before used, and no process is left."""
    with peer.Program(peer.example(), *SLEEP) as program:
        supervisor, before = program.process.pid, None
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL) * 3:
            pid = started(program)
            peer.check(processes(supervisor) == [pid], "other children than %d" % pid)
            now = descriptors(supervisor)
            peer.check(before in (None, now), "descriptors %s became %s" % (before, now))
            before = now
            os.kill(pid, number)
            ended(program, pid, "signal %d" % number)
        pid = started(program)
        peer.check_calm(supervisor)
        peer.check(stop(program) == ["%d: signal 15" % pid], "it did not end its child")
        peer.check(gone(pid), "the child is still there")


def ends():
    """Both signals end it: while a child runs, while none does, and while it is stopped."""
    with peer.Program(peer.example(), *SLEEP) as program:
        pid = started(program)
        peer.check(stop(program, signal.SIGINT) == ["%d: signal 15" % pid], "it did not end well")
        peer.check(gone(pid), "the child is still there")
    with peer.Program(peer.example(), "true") as program:
        ended(program, started(program), "exit status 0")
        # As a rule this comes before the next start.
        for pid in (int(line.split()[1]) for line in stop(program) if line.startswith("started")):
            peer.check(gone(pid), "the child is still there")
    with peer.Program(peer.example(), *SLEEP) as program:
        pid = started(program)
        peer.halt(program)
        os.kill(pid, signal.SIGKILL)
        program.process.send_signal(signal.SIGTERM)
        program.process.send_signal(signal.SIGCONT)
        peer.check(program.wait() == 0, "it did not end well")
        peer.check(program.rest() == ["%d: signal 9" % pid], "it started another one")


def stopped():
    """A child that ends while the example is stopped is found, and followed by the next one."""
    with peer.Program(peer.example(), *SLEEP) as program:
        pid = started(program)
        peer.halt(program)
        os.kill(pid, signal.SIGKILL)
        program.process.send_signal(signal.SIGCONT)
        ended(program, pid, "signal 9")
        pid = started(program)
        peer.check(processes(program.process.pid) == [pid], "other children than %d" % pid)
        stop(program)
        peer.check(gone(pid), "the child is still there")


def stubborn():
    """A child that does not end when it is told to, is killed."""
    script = "trap '' TERM; echo deaf; while :; do sleep 1; done"
    with peer.Program(peer.example(), "sh", "-c", script) as program:
        lines = sorted([program.line() or "", program.line() or ""])  # of two processes
        match = re.fullmatch(r"deaf started (\d+)", " ".join(lines))
        peer.check(match, "the child does not say that it is ready: %s" % lines)
        pid = int(match.group(1))
        peer.check(stop(program)[-1:] == ["%d: signal 9" % pid], "it was not killed")
        peer.check(gone(pid), "the child is still there")


def orphan():
    """A child does not outlive a supervisor that is killed."""
    with peer.Program(peer.example(), *SLEEP) as program:
        pid = started(program)
        peer.check(program.stop(signal.SIGKILL) == -signal.SIGKILL, "it was not killed")
        deadline = time.monotonic() + peer.TIMEOUT
        while not gone(pid) and state(pid) != "Z":  # a machine may lack somebody who reaps it
            peer.check(time.monotonic() < deadline, "the child lives on")
            time.sleep(0.01)


def signals():
    """The children have the signals that the example found: SIGTERM is not blocked there."""
    tell = "print([line for line in open('/proc/self/status') if 'SigBlk' in line][0], end='')"
    with peer.Program(peer.example(), sys.executable, "-I", "-S", "-c", tell) as program:
        lines = sorted([program.line() or "", program.line() or ""])
        peer.check(lines[0] == "SigBlk:\t0000000000000000", "blocked: %s" % lines)
        stop(program)


need_pidfd()
statuses()
killed()
ends()
stopped()
stubborn()
orphan()
signals()
