"""Checks the example's report: its timers lose no expiration, and none of them is early.

A slow machine makes the counts larger and the times longer, never the other way round.
"""
import re

import peer

PERIOD_MS = 20
ONCE_MS = 110
BUSY_MS = 5 * PERIOD_MS
MORE = 10
LINE = re.compile(r"(periodic|once): (\d+) more, (\d+) in all, after (\d+\.\d+) ms$")


def parse(line):
    match = LINE.match(line)
    peer.check(match, "what is this: " + line)
    return match.group(1), int(match.group(2)), int(match.group(3)), float(match.group(4))


def check_sums(reports):
    total, time = 0, 0.0
    for _, more, reported, after in reports:
        total += more
        peer.check(more > 0 and total == reported, "the sum is not %d: %s" % (total, reports))
        peer.check(after >= time, "time goes back: %s" % reports)
        time = after


with peer.Program(peer.example()) as program:
    lines = program.rest()
    status = program.wait()
peer.check(status == 0, "it ended with %d" % status)
reports = [parse(line) for line in lines]
once = [report for report in reports if report[0] == "once"]
periodic = [report for report in reports if report[0] == "periodic"]

check_sums(periodic)
check_sums(once)
peer.check(len(once) == 1 and once[0][2] == 1, "the other timer fired not once: %s" % once)
peer.check(once[0][3] >= ONCE_MS, "it fired early: %s" % once)
for report in periodic:
    # A thousandth for the rounding of the report.
    peer.check(report[3] + 0.001 >= report[2] * PERIOD_MS, "early: %s" % (report,))

# While the program was busy the periodic timer expired at least five times, in one number.
place = reports.index(once[0])
after = [report for report in reports[place:] if report[0] == "periodic"]
peer.check(after and after[0][1] >= BUSY_MS // PERIOD_MS, "some are lost: %s" % lines)
peer.check(sum(report[1] for report in after) >= MORE, "it ended too early: %s" % lines)
