"""Runs real programs as children and checks what the example counted."""
import time

from peer import Program, check, check_calm, example

LINES = 100000
ALL = sum(len("line %d\n" % (k + 1)) for k in range(LINES))


def outcome(lines, *argv):
    """Its four lines as numbers: input, output, errors, status."""
    with Program(example(), str(lines), *argv) as program:
        text = program.rest()
        check(program.wait() == 0, "the example failed")
    check(len(text) == 4, "other output: %r" % text)
    return ([int(word) for word in line.replace(",", "").split() if word.isdigit()]
            for line in text)


def expect(lines, argv, output, errors, status):
    fed, out, err, end = outcome(lines, *argv)
    check(out == output, "%s: output %r" % (argv[0], out))
    check(err == errors, "%s: errors %r" % (argv[0], err))
    check(end == [status], "%s: status %r" % (argv[0], end))
    return fed[0]


# Input and output both fill the pipes many times over.
check(expect(LINES, ["cat"], [ALL, LINES], [0, 0], 0) == ALL, "cat was not fed all")
check(expect(LINES, ["sort", "-r"], [ALL, LINES], [0, 0], 0) == ALL, "sort was not fed all")
# It stops reading: an error of the write, no signal.
check(expect(LINES, ["sh", "-c", "read -r line; echo $line"], [7, 1], [0, 0], 0) < ALL,
      "a child that did not read was fed all")
check(expect(LINES, ["sh", "-c", "exec <&-; sleep 0.2; echo done"], [5, 1], [0, 0], 0) < ALL,
      "a child that closed its input was fed all")
# A child that goes while its input is full, by a signal. One that takes no input and lives on: the
# example waits for its end, and does not try again and again.
check(expect(LINES, ["sh", "-c", "sleep 0.1; kill -9 $$"], [0, 0], [0, 0], 9) < ALL,
      "a child that was killed was fed all")
with Program(example(), str(LINES), "sh", "-c", "exec <&-; echo deaf >&2; sleep 1") as program:
    time.sleep(0.1)
    check_calm(program.process.pid)
    check(program.wait() == 0, "the example failed")
# Both outputs; the status; no input; no program.
expect(10, ["sh", "-c", "cat; echo oops >&2; exit 3"], [71, 10], [5, 1], 3)
expect(0, ["cat"], [0, 0], [0, 0], 0)
expect(0, ["sh", "-c", "kill -9 $$"], [0, 0], [0, 0], 9)
expect(10, ["/no/such/program"], [0, 0], [0, 0], 127)
# Much on the second output while the first one is silent.
expect(LINES, ["sh", "-c", "cat >&2"], [0, 0], [ALL, LINES], 0)
