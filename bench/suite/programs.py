"""Runs programs to their end, and servers beside the load generator."""
import contextlib
import math
import os
import re
import select
import subprocess
import tempfile
import time

READY_SECONDS = 10


class Failure(Exception):
    """A run without a result: why, and what the program said."""

    def __init__(self, reason, stderr=""):
        super().__init__(reason)
        self.reason = reason
        self.stderr = stderr.decode(errors="replace") if isinstance(stderr, bytes) else stderr


def call(command, limit):
    """The output of a program that has to end well within the limit of seconds."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, encoding="utf-8", errors="replace",
                              timeout=limit)
    except subprocess.TimeoutExpired as error:
        raise Failure("did not end within %g s" % limit, error.stderr or "") from None
    except OSError as error:
        raise Failure("did not start: %s" % error.strerror) from None
    if done.returncode != 0:
        raise Failure("ended with %d" % done.returncode, done.stderr)
    return done.stdout


def pairs(arguments):
    """As programs take them: NAME=VALUE. Those without a value are left out."""
    return ["%s=%s" % pair for pair in arguments.items() if pair[1] is not None]


def values_of(output):
    """The lines NAME VALUE that a program printed."""
    try:
        values = {name: float(value) for name, value in (line.split() for line in output.split("\n")
                                                         if line.strip())}
        if all(map(math.isfinite, values.values())):
            return values
    except ValueError:
        pass
    raise Failure("printed something else than values", output)


def first_line(stream):
    """The first line of a program; not whole when the time is over or it ends."""
    line, deadline = b"", time.monotonic() + READY_SECONDS
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left < 0 or not select.select([stream], [], [], left)[0]:
            break
        piece = os.read(stream.fileno(), 1)
        if not piece:
            break
        line += piece
    return line.decode(errors="replace")


def wait_until_ready(process):
    """The port that a server announces; 0 for a Unix socket."""
    ready = re.fullmatch(r"ready (\d+)\n", first_line(process.stdout))
    if not ready:
        raise Failure("the server did not become ready")
    return int(ready.group(1))


@contextlib.contextmanager
def server(program, arguments):
    """A server that runs inside the with block; it is killed at its end, for it never ends. When
    something fails, what the server has to say belongs to it."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([program, "serve"] + pairs(arguments), stdout=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, stderr=errors)
        try:
            yield process, wait_until_ready(process)
            if process.poll() is not None:
                raise Failure("the server did not stay until the end")
        except Failure as failure:
            raise Failure(failure.reason + how_it_ended(process), failure.stderr +
                          said(errors)) from None
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def how_it_ended(process):
    code = process.poll()
    return "" if code is None else "; the server ended with %d" % code


def said(errors):
    errors.seek(0)
    return errors.read().decode(errors="replace")


class Runner:
    """Runs one case of one contestant, on the processors that were chosen."""

    def __init__(self, load, cpus, folder):
        self.load = load
        self.cpu, self.peer_cpu = cpus
        self.socket_path = os.path.join(folder, "socket")

    def program(self, program, case, arguments, seconds):
        arguments = dict(arguments, cpu=self.cpu, peer_cpu=self.peer_cpu, seconds=seconds)
        return values_of(call([program, case] + pairs(arguments), 60 + 10 * (seconds or 0)))

    def datagrams(self, program, technique, arguments, seconds):
        arguments = dict(arguments, technique=technique, cpu=self.cpu, peer_cpu=self.peer_cpu,
                         seconds=seconds)
        return values_of(call([program] + pairs(arguments), 20 + 10 * seconds))

    def service(self, program, arguments, seconds):
        path = self.socket_path if arguments["transport"] == "unix" else None
        asked = {"service": arguments["service"], "transport": arguments["transport"],
                 "path": path, "cpu": self.cpu}
        try:
            with server(program, asked) as (process, port):
                load = dict(arguments, seconds=seconds, pid=process.pid, cpu=self.peer_cpu,
                            path=path, port=port or None)
                return values_of(call([self.load] + pairs(load), 20 + 10 * seconds))
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.socket_path)
