"""The performance contract: what this library promises, and whether the run kept it."""
from typing import NamedTuple, Optional

import cases
import contestants

MINE = "mio"
SPINNING = "mio-spin"


class Mark(NamedTuple):
    """A limit for one case. kind: ratio or difference to the base in the same round, or value;
    least is a ratio that has to be at least that high."""
    case: str
    kind: str
    most: float
    base: Optional[str] = None
    of: str = MINE

    def limit(self):
        """The limit as the report writes it."""
        if self.kind == "value":
            return self.who() + "<= %g %s" % (self.most, cases.CASES[self.case].unit)
        base = contestants.title(self.base)
        if self.kind == "least":
            return self.who() + ">= %g x %s" % (self.most, base)
        if self.kind == "difference":
            return self.who() + "<= %s + %g" % (base, self.most)
        return self.who() + "<= %g x %s" % (self.most, base)

    def who(self):
        """The contestant, where it is not the usual one."""
        return "" if self.of == MINE else contestants.title(self.of) + " "


class Verdict(NamedTuple):
    mark: Mark
    measured: Optional[tuple]  # a stats.Summary
    status: str


def dispatch_marks():
    marks = []
    for ready in (1, 64, 1024):
        for registered in (1000, 10000, 19000):
            case = "dispatch/%d-of-%d" % (ready, registered)
            if case in cases.CASES:
                marks += [Mark(case, "ratio", 1.05 if ready == 1 else 1.02, "raw"),
                          Mark(case, "ratio", 0.86, "libuv"), Mark(case, "ratio", 0.86, "libev"),
                          Mark(case, "ratio", 0.83, "libevent")]
    return marks


MARKS = dispatch_marks() + [
    Mark("instructions/event", "difference", 16, "raw"),
] + [
    Mark("registration/%d/%s" % (sources, operation), "ratio", 1.05, "raw")
    for sources in (1000, 19000) for operation in ("register", "reregister", "deregister")
] + [
    Mark("waker/pending", "value", 15),
    Mark("waker/pending", "ratio", 1 / 25, "rust-mio"),
    Mark("waker/sleeping", "ratio", 1.02, "raw"),
] + [
    Mark("timeout/%dus" % us, "ratio", 1.05, "raw") for us in (20, 100, 900, 1500, 5000)
] + [
    Mark("echo/tcp/64B/64/cpu", "ratio", 1.02, "raw"),
    Mark("echo/tcp/64B/1000/cpu", "ratio", 1.02, "raw"),
    Mark("echo/tcp/64B/64/cpu", "ratio", 0.975, "rust-mio"),
    Mark("echo/tcp/64B/1000/cpu", "ratio", 0.975, "rust-mio"),
    Mark("echo/unix/64B/64/cpu", "ratio", 0.85, "rust-mio"),
    Mark("churn/tcp/64/cpu", "ratio", 1.02, "raw"),
    Mark("churn/tcp/512/cpu", "ratio", 1.02, "raw"),
    Mark("datagrams/coalesced/1200x16/send", "ratio", 0.17, "raw-usual"),
    Mark("datagrams/coalesced/1200x16/send", "ratio", 1.05, "raw"),
    Mark("datagrams/coalesced/1200x54/send", "ratio", 0.12, "raw-usual"),
    Mark("datagrams/coalesced/64x64/send", "ratio", 0.05, "raw-usual"),
    Mark("datagrams/coalesced/1200x16/recv", "ratio", 0.25, "raw-usual"),
    Mark("datagrams/coalesced/1200x16/recv", "ratio", 1.05, "raw"),
    Mark("datagrams/segments/1200x16/send", "ratio", 0.40, "raw-usual"),
    Mark("datagrams/batch/1200x16/send", "ratio", 0.92, "raw-usual"),
    Mark("datagrams/batch/1200x16/send", "ratio", 1.03, "raw"),
    Mark("datagrams/batch/1200x16/recv", "ratio", 1.03, "raw"),
    Mark("echo/tcp/64B/1/rate", "least", 0.95, "raw-spin", SPINNING),
    Mark("echo/unix/64B/1/rate", "least", 0.95, "raw-spin", SPINNING),
    Mark("echo/tcp/64B/1/rate", "least", 1.4, "mio", SPINNING),
    Mark("echo/unix/64B/1/rate", "least", 1.7, "mio", SPINNING),
    Mark("waker/soon", "ratio", 0.04, "mio", SPINNING),
    Mark("waker/soon", "ratio", 3, "raw-spin", SPINNING),
    Mark("waker/idle-100us", "ratio", 1.15, "mio", SPINNING),
    Mark("waker/idle-1000us", "ratio", 1.15, "mio", SPINNING),
] + [
    Mark("timeout/%dus" % us, "value", 2, None, SPINNING) for us in (20, 100, 900)
] + [
    Mark("memory/heap", "value", 0),
    Mark("memory/handle", "value", 32),
]


def judge(mark, results):
    """The median decides; the quartiles are for the reader."""
    if mark.kind == "value":
        measured = results.summary(mark.case, mark.of)
    elif mark.kind == "difference":
        measured = results.difference(mark.case, mark.of, mark.base)
    else:
        measured = results.ratio(mark.case, mark.of, mark.base)
    if measured is None:
        return Verdict(mark, None, "not measured")
    if measured.median < mark.most if mark.kind == "least" else measured.median > mark.most:
        return Verdict(mark, measured, "missed")
    return Verdict(mark, measured, "met")


def judge_all(results):
    return [judge(mark, results) for mark in MARKS]
