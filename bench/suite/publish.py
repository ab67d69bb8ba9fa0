#!/usr/bin/env python3
"""Makes a run the one that README.md and bench/README.md tell of.

    publish.py [--out bench/out]   copies report and charts to bench/latest and writes the figures
                                   into the two files, between the two marks
    publish.py --check             ends with 1 when one tells something else than bench/latest

--root FOLDER: another repository than the one that this file is in.
"""
import argparse
import json
import os
import shutil
import sys

import contestants
import numbers_text
import report

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
READERS = ("README.md", os.path.join("bench", "README.md"))
# The most bytes of all pictures together: each run makes them anew.
PICTURES_MAX = 250000
RATIO, VALUE = range(2)
PEERS = (
    ("Dispatch, 64 of 10,000 ready, an event", "dispatch/64-of-10000", RATIO),
    ("Register a source", "registration/1000/register", RATIO),
    ("TCP echo, 64 B, 64 connections, CPU a request", "echo/tcp/64B/64/cpu", RATIO),
    ("TCP echo, 64 B, 1,000 connections, CPU a request", "echo/tcp/64B/1000/cpu", RATIO),
    ("Unix echo, 64 B, 64 connections, CPU a request", "echo/unix/64B/64/cpu", RATIO),
    ("Accept, one request, close, CPU a connection", "churn/tcp/64/cpu", RATIO),
    ("Wake while a wake is pending", "waker/pending", VALUE),
    ("A wait of 100 us ends late by", "timeout/100us", VALUE),
    ("Heap, a source", "memory/heap", VALUE),
    ("User instructions, an event", "instructions/event", VALUE),
)
SPINS = (
    ("TCP echo, 64 B, 1 connection", "echo/tcp/64B/1/rate", VALUE),
    ("Unix echo, 64 B, 1 connection", "echo/unix/64B/1/rate", VALUE),
    ("Wake of a loop that has just begun to wait", "waker/soon", VALUE),
    ("CPU a wake, woken every 100 us", "waker/idle-100us", VALUE),
    ("CPU a wake, woken every 1,000 us", "waker/idle-1000us", VALUE),
    ("A wait of 20 us ends late by", "timeout/20us", VALUE),
    ("A wait of 900 us ends late by", "timeout/900us", VALUE),
)
DATAGRAMS = (
    ("Send 16 of 1,200 B in segments, coalesced", "datagrams/coalesced/1200x16/send", VALUE),
    ("Receive them", "datagrams/coalesced/1200x16/recv", VALUE),
    ("Send 64 of 64 B in segments, coalesced", "datagrams/coalesced/64x64/send", VALUE),
    ("Receive them", "datagrams/coalesced/64x64/recv", VALUE),
    ("Send 16 of 1,200 B in a batch", "datagrams/batch/1200x16/send", VALUE),
    ("Receive them", "datagrams/batch/1200x16/recv", VALUE),
)
# The tables of README.md: what the first column is about, contestants, rows.
TABLES = (
    ("lower is better; without a unit: ratio to raw epoll",
     ("mio", "raw", "rust-mio", "libuv", "libev", "libevent"), PEERS),
    ("waits that spin for 60 us (raw epoll: without end); of rates more is better",
     ("mio", "mio-spin", "raw-spin"), SPINS),
    ("CPU time of a UDP datagram", ("mio", "raw", "raw-usual", "libuv"), DATAGRAMS),
)


def cell(rows, case, name, kind):
    """Where times of two processes do not compare, their ratio within rounds; else the value. Of
    what the others are compared with, the value always."""
    row = rows.get((case, name))
    if not row:
        return "-"
    if kind == RATIO and name != contestants.BASE:
        return numbers_text.ratio(row["ratio_to_raw"])
    text = numbers_text.value(row["median"], row["unit"])
    return text if row["unit"] == "instructions" else text + " " + row["unit"]


def figures(rows):
    """The tables of README.md. rows: report.json."""
    found = {(row["case"], row["contestant"]): row for row in rows}
    lines = []
    for about, columns, entries in TABLES:
        cells = [[title] + [cell(found, case, name, kind) for name in columns]
                 for title, case, kind in entries]
        lines += report.table([about] + [contestants.title(name) for name in columns], cells)
    return lines


def block(latest, reader):
    """The text between the marks of a file."""
    with open(os.path.join(latest, "report.json"), encoding="utf-8") as file:
        lines = figures(json.load(file))
    with open(os.path.join(latest, "report.md"), encoding="utf-8") as file:
        when = next(line.strip() for line in file if line.startswith("Measured "))
    chart = []
    if os.path.exists(os.path.join(latest, "charts", "overview.svg")):
        link = os.path.relpath(os.path.join(latest, "charts", "overview.svg"),
                               os.path.dirname(reader))
        chart = ["![mio for C and its peers](%s)" % link, ""]
    return "\n".join([BEGIN] + chart + lines + [when, END])


def split(reader):
    """A file before, between and after the marks, with the marks in the middle."""
    with open(reader, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    middle, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit("%s has no %s and %s" % (os.path.basename(reader), BEGIN, END))
    return before, begin + middle + end, after


def refuse(out):
    """Why the run is not one to publish; None when it is."""
    with open(os.path.join(out, "samples.json"), encoding="utf-8") as file:
        data = json.load(file)
    settings = data["settings"]
    if settings["mode"] != "full" or settings["only"]:
        return "it is not a full run"
    if data["failures"]:
        return "something failed in it"
    if data["build"]["skipped"]:
        return "it lacks " + ", ".join(data["build"]["skipped"])
    size = sum(os.path.getsize(source) for source in pictures(out))
    if size > PICTURES_MAX:
        return "its pictures have {:,} bytes".format(size)
    return None


def pictures(out):
    """The charts that the report shows, as far as the run made them."""
    paths = [os.path.join(out, "charts", name + ".svg") for name in report.SHOWN]
    return [path for path in paths if os.path.exists(path)]


def copy(out, latest):
    """Report, figures, and the charts that the report shows."""
    charts = os.path.join(latest, "charts")
    shutil.rmtree(charts, ignore_errors=True)
    os.makedirs(charts)
    for name in ("report.md", "report.json"):
        shutil.copyfile(os.path.join(out, name), os.path.join(latest, name))
    for source in pictures(out):
        shutil.copy(source, charts)


def main(words):
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Publishes a run of the benchmark.")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    parser.add_argument("--out", help="where the suite wrote; bench/out by default")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(words)
    latest = os.path.join(options.root, "bench", "latest")
    readers = [os.path.join(options.root, name) for name in READERS]
    if options.check and not os.path.exists(os.path.join(latest, "report.json")):
        print("there is no bench/latest; publish.py makes it")
        return 1
    if options.check:
        stale = [reader for reader in readers if split(reader)[1] != block(latest, reader)]
        for reader in stale:
            print("%s does not tell the figures of bench/latest; publish.py writes them"
                  % os.path.relpath(reader, options.root))
        return 1 if stale else 0
    out = options.out or os.path.join(options.root, "bench", "out")
    why = refuse(out)
    if why:
        print("this run is not published: " + why)
        return 1
    parts = [split(reader) for reader in readers]
    copy(out, latest)
    for reader, (before, _, after) in zip(readers, parts):
        with open(reader, "w", encoding="utf-8") as file:
            file.write(before + block(latest, reader) + after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
