"""User instructions, counted by callgrind: exact, whatever else runs on the machine.

A gate can call event() and registration() with two programs and compare.
"""
import os
import re
import shutil
import tempfile

import programs

LIMIT_SECONDS = 120


def missing():
    """Why nothing can be counted; None when it can."""
    return None if shutil.which("valgrind") else "valgrind is not installed"


def count(program, case, arguments, functions):
    """The instructions inside the functions of this name, and of what they call, in one run."""
    with tempfile.TemporaryDirectory(prefix="mio-bench-") as folder:
        out = os.path.join(folder, "callgrind.out")
        programs.call(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                       "--collect-atstart=no", "--toggle-collect=" + functions, program, case] +
                      programs.pairs(arguments), LIMIT_SECONDS)
        with open(out, encoding="utf-8", errors="replace") as file:
            totals = re.search(r"^totals:\s*(\d+)", file.read(), re.MULTILINE)
    if not totals or int(totals.group(1)) == 0:
        raise programs.Failure("callgrind counted nothing in " + functions)
    return int(totals.group(1))


def between(program, case, arguments, counter, few, many, functions):
    """The cost of a long run beyond a short one: free of all that happens once."""
    short = count(program, case, dict(arguments, **{counter: few}), functions)
    return count(program, case, dict(arguments, **{counter: many}), functions) - short


def event(program):
    """Instructions an event, at 64 events a turn."""
    more = between(program, "dispatch", {"ready": 64, "registered": 64}, "turns", 100, 200,
                   "measured_turns*")
    return {"event": more / (100 * 64)}


def turn(program):
    """Instructions of a turn with one event."""
    return {"turn": between(program, "dispatch", {"ready": 1, "registered": 1}, "turns", 100, 200,
                            "measured_turns*") / 100}


def registration(program):
    """Instructions of a register, a reregister and a deregister together."""
    more = between(program, "registration", {"sources": 64}, "cycles", 10, 20,
                   "measured_registration*")
    return {"registration": more / (10 * 64)}
