"""The contestants: names, titles and colours, and what CMake says about the programs."""
import json
import os
from typing import NamedTuple

import programs

BASE = "raw"


class Look(NamedTuple):
    title: str
    colour: str


# In the order of all tables and charts. The library in a strong colour, its base grey, the others
# muted.
LOOKS = {
    "mio": Look("mio for C", "#d9480f"),
    "mio-poll": Look("mio for C, poll(2)", "#f3b391"),
    "mio-spin": Look("mio for C, spinning", "#f76707"),
    "raw": Look("raw epoll", "#6b7280"),
    "raw-usual": Look("raw epoll, usual loop", "#b9bec7"),
    "raw-spin": Look("raw epoll, spinning", "#868e96"),
    "rust-mio": Look("Rust mio", "#a58a6f"),
    "libuv": Look("libuv", "#8fb0cf"),
    "libev": Look("libev", "#9dbf9e"),
    "libevent": Look("libevent", "#b7a3cc"),
}


def title(name):
    return LOOKS[name].title if name in LOOKS else name


def colour(name):
    return LOOKS[name].colour if name in LOOKS else "#cccccc"


def in_order(names):
    """Those of the table as they are there, then others."""
    order = list(LOOKS)
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order),
                                           name))


class Build(NamedTuple):
    """The contents of contestants.json."""
    programs: dict  # name: program
    skipped: dict   # name: why
    versions: dict  # name: version of the library
    library: str    # the shared library, or ""
    compiler: str
    build_type: str
    datagrams: str = ""  # the program that sends and receives datagrams, or ""


def version_of(program):
    try:
        return programs.call([program, "version"], 10).strip()
    except programs.Failure:
        return "unknown"


def load(path):
    """Reads contestants.json. A contestant that it lacks, or without a program, is skipped."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    found, skipped = {}, {}
    for entry in data["contestants"]:
        if "skipped" in entry:
            skipped[entry["name"]] = entry["skipped"]
        elif not os.access(entry["program"], os.X_OK):
            skipped[entry["name"]] = "the program was not built"
        else:
            found[entry["name"]] = entry["program"]
    for name in LOOKS:
        if name not in found:
            skipped.setdefault(name, "not part of this build")
    return Build(found, skipped, {name: version_of(program) for name, program in found.items()},
                 data.get("library", ""), data.get("compiler", "unknown"),
                 data.get("build_type", "unknown"), data.get("datagrams", ""))
