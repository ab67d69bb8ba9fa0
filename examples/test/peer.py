"""Shared by the scripts that test examples: programs that are started, heard and ended in time.

Each script gets the path of the example as its first argument, acts as its peer, and exits with 0
when all is well, with a message and 1 when not, with 77 (skip) when the machine lacks something.
"""
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

TIMEOUT = 30  # seconds, for every single step
SKIPPED = 77


def fail(text):
    sys.exit("failed: " + text)


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def check(condition, text):
    if not condition:
        fail(text)


class Program:
    """A child process. It is killed, if need be, when the block that uses it ends."""

    def __init__(self, *argv, **options):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        **options)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode(errors="replace").rstrip("\n"))
        self.lines.put(None)

    def line(self):
        """The next line of its output; None at the end."""
        try:
            return self.lines.get(timeout=TIMEOUT)
        except queue.Empty:
            fail("no output in %d s" % TIMEOUT)

    def rest(self):
        """All lines to the end of its output."""
        return list(iter(self.line, None))

    def write(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def wait(self):
        """Its exit status, once it ends by itself; the negative signal number if one ended it."""
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            fail("the program did not end")

    def stop(self, number=signal.SIGTERM):
        """Its exit status after a signal."""
        check(self.process.poll() is None, "the program had ended already")
        self.process.send_signal(number)
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def halt(program):
    """Stops a program (SIGSTOP), and waits until it has stopped. SIGCONT lets it go on."""
    program.process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + TIMEOUT
    flags = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, program.process.pid, flags) is None:
        check(time.monotonic() < deadline, "it does not stop")
        time.sleep(0.01)


def listening(program):
    """The address that a server prints first: "listening on ADDRESS"."""
    line = program.line() or ""
    check(line.startswith("listening on "), "the server does not say where it listens: " + line)
    return line[len("listening on "):]


def port_of(address):
    """The port of "127.0.0.1:PORT"."""
    return int(address.rsplit(":", 1)[1])


def receive(connection, size):
    """So many bytes from a socket with a timeout."""
    data = bytearray()
    while len(data) < size:
        part = connection.recv(min(size - len(data), 65536))
        check(part, "early end after %d of %d bytes" % (len(data), size))
        data += part
    return bytes(data)


def pattern(size, seed=0):
    """Bytes that depend on the seed."""
    block = bytes((k * k + 7 * k + seed) % 251 for k in range(251))
    return (block * (size // 251 + 1))[:size]


def ps(*arguments):
    """The lines of ps(1), which tells less than /proc, but on every system."""
    process = subprocess.run(("ps",) + arguments, stdout=subprocess.PIPE, text=True)
    return process.stdout.splitlines()  # it fails where there is nothing to list


def states(pid):
    """
    The state of each thread of a process, a letter: S for one that waits; see proc(5). Without
    /proc that of the process.
    """
    letters = ""
    if not os.path.isdir("/proc/self/task"):
        return letters.join(line.strip()[0] for line in ps("-o", "stat=", "-p", str(pid)))
    for thread in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/stat" % (pid, thread)) as file:
                letters += file.read().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            pass  # that thread has ended since
    return letters


def children_of(pid):
    """The processes that a process has started and that are there, the oldest first."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
            return [int(child) for child in children.read().split()]
    except FileNotFoundError:
        pairs = [line.split() for line in ps("-A", "-o", "pid=", "-o", "ppid=")]
        return sorted(int(child) for child, parent in pairs if int(parent) == pid)


def descriptors_of(pid):
    """How many descriptors a process has; None where one cannot look."""
    folder = "/proc/%d/fd" % pid
    return len(os.listdir(folder)) if os.path.isdir(folder) else None


def check_calm(pid):
    """
    That a process waits, and does not try again and again, once it is done with its work. A loop
    that never waits is found on a machine of any load, which its processor time would not tell.
    """
    if not os.path.isdir("/proc/%d/task" % pid):
        return
    for _ in range(20):
        busy = 0
        for _ in range(25):
            time.sleep(0.01)
            busy += states(pid).strip("SD") != ""  # R, also while no processor is free for it
        if busy <= 12:
            return
    fail("it is busy while there is nothing to do")


def injecting(rule):
    """The words before a program whose system calls shall fail; see strace(1), -e inject."""
    return ("strace", "-D", "-f", "-o", os.devnull, "-e", "inject=" + rule)


def can_inject():
    probe = ("strace", "-o", os.devnull, "-e", "inject=getppid:error=EPERM", "true")
    return (shutil.which("strace") is not None and
            subprocess.run(probe, stderr=subprocess.DEVNULL, timeout=TIMEOUT).returncode == 0)


def make_certificate(folder):
    """The paths of a certificate for 127.0.0.1 and of its key. Skips without openssl."""
    if not shutil.which("openssl"):
        skip("openssl is not installed")
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", key, "-out", certificate],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=TIMEOUT)
    check(made.returncode == 0, "no certificate: " + made.stderr.decode(errors="replace"))
    return certificate, key


# Hands listening sockets over as systemd does: puts the descriptors in their places, says whom they
# are for, and becomes the program. Arguments: the program, LISTEN_PID (SELF, or as it is),
# LISTEN_FDS, the descriptors.
HAND_OVER = """
import fcntl, os, sys
program, pid, count, *fds = sys.argv[1:]
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, 100) for fd in fds]
os.closerange(3, 100)
for place, fd in enumerate(fds, 3):
    os.dup2(fd, place)
os.environ.update(LISTEN_PID=str(os.getpid()) if pid == "SELF" else pid, LISTEN_FDS=count)
os.execv(program, [program])
"""


def example():
    """The path of the example that is tested."""
    check(len(sys.argv) > 1 and os.access(sys.argv[1], os.X_OK), "usage: SCRIPT EXAMPLE ...")
    return sys.argv[1]
