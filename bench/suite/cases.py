"""The cases that are measured: RUNS, at the end of this file, is the table."""
from typing import NamedTuple

# The shortest mode that a run is part of; the longer modes have it, too.
SMOKE, QUICK, FULL = range(3)
MODES = {"smoke": SMOKE, "quick": QUICK, "full": FULL}


class Group(NamedTuple):
    """Cases that share a table and a chart."""
    title: str
    what: str
    absolute: bool = False  # the chart shows values, not ratios


GROUPS = {
    "dispatch": Group("Dispatch", "Time per event, the read of 8 bytes included"),
    "registration": Group("Registration", "Time per operation, all sources in a row"),
    "echo-cpu": Group("Echo: CPU time", "CPU time of the server per request"),
    "echo-rate": Group("Echo: rate", "Requests per second"),
    "echo-p50": Group("Echo: latency, median", "From request to answer"),
    "echo-p99": Group("Echo: latency, 99 %", "From request to answer"),
    "churn": Group("Churn", "Connections that live for one request"),
    "waker": Group("Waker", "Time per wake"),
    "timeout": Group("Timeouts", "How late a wait without events ends"),
    "datagrams": Group("Datagrams", "CPU time of a UDP datagram, sender and receiver"),
    "memory": Group("Memory", "Bytes beside the kernel's own", absolute=True),
    "instructions": Group("Instructions", "User instructions, counted exactly by callgrind"),
}


class Case(NamedTuple):
    """One figure: a row of the report, a panel of the charts."""
    id: str
    group: str
    title: str
    unit: str
    output: str  # the name under which the run gives the value

    @property
    def higher_is_better(self):
        return self.unit == "1/s"


class Run(NamedTuple):
    """The work of one contestant in one round. It gives the values of one or more cases."""
    id: str
    how: str         # a key of measure.HOW
    program: str     # the case of the program
    arguments: dict
    cases: tuple
    rounds: int
    seconds: float
    part_of: int
    without: tuple   # contestants that do not take part
    descriptors: int # how many the program needs


SPINNING = ("mio-spin", "raw-spin")  # these take part where something is waited for alone
NOT_ALWAYS = ("raw-usual",) + SPINNING


def run(run_id, how, program, arguments, cases, rounds, seconds=None, part_of=FULL,
        without=NOT_ALWAYS, descriptors=0):
    return Run(run_id, how, program, arguments, tuple(cases), rounds, seconds, part_of, without,
               descriptors)


def dispatch(ready, registered, rounds, seconds, part_of=FULL):
    """A of M sources are readable. As raw-usual differs from raw in servers and waits only, it
    takes part in those alone."""
    run_id = "dispatch/%d-of-%d" % (ready, registered)
    title = "{:,} of {:,} ready".format(ready, registered)
    return run(run_id, "program", "dispatch", {"ready": ready, "registered": registered},
               [Case(run_id, "dispatch", title, "ns", "ns")], rounds, seconds, part_of,
               descriptors=registered + 100)


def registration(sources, rounds, seconds, part_of=FULL):
    run_id = "registration/%d" % sources
    return run(run_id, "program", "registration", {"sources": sources},
               [Case("%s/%s" % (run_id, name), "registration",
                     "{}, {:,} sources".format(name, sources), "ns", name)
                for name in ("register", "reregister", "deregister")],
               rounds, seconds, part_of, descriptors=sources + 100)


def echo(transport, size, connections, rounds, seconds, part_of=FULL):
    """Connections that send a message and wait for the answer, again and again."""
    size_title = {64: "64B", 4096: "4KiB"}[size]
    run_id = "echo/%s/%s/%d" % (transport, size_title, connections)
    title = "%s, %s, %s connection%s" % (
        {"tcp": "TCP", "unix": "Unix"}[transport], {64: "64 B", 4096: "4 KiB"}[size],
        "{:,}".format(connections), "" if connections == 1 else "s")
    cases = [Case("%s/%s" % (run_id, name), "echo-" + name, title, unit, output)
             for name, unit, output in (("cpu", "ns", "cpu_ns"), ("rate", "1/s", "rate"),
                                        ("p50", "us", "p50_us"), ("p99", "us", "p99_us"))]
    return run(run_id, "service", "serve",
               {"service": "echo", "transport": transport, "bytes": size,
                "connections": connections},
               cases, rounds, seconds, part_of, without=() if connections == 1 else SPINNING,
               descriptors=connections + 100)


def churn(connections, rounds, seconds, part_of=FULL):
    """Connect, one request, one answer, close; so many of them at a time."""
    run_id = "churn/tcp/%d" % connections
    cases = [Case(run_id + "/cpu", "churn", "CPU time, %d at a time" % connections, "ns",
                  "cpu_ns"),
             Case(run_id + "/rate", "churn", "connections, %d at a time" % connections, "1/s",
                  "rate")]
    return run(run_id, "service", "serve",
               {"service": "churn", "transport": "tcp", "bytes": 64, "connections": connections},
               cases, rounds, seconds, part_of, without=SPINNING, descriptors=connections + 100)


def waker(kind, title, rounds, seconds, part_of=FULL):
    run_id = "waker/" + kind
    return run(run_id, "program", "waker", {"kind": kind},
               [Case(run_id, "waker", title, "ns", "ns")], rounds, seconds, part_of)


def wake_of_who_waits(kind, title, rounds, seconds, part_of=FULL, **more):
    """Beside loops that spin, which differ from the others in nothing but waits."""
    run_id = "waker/%s" % "-".join([kind] + ["%gus" % (ns / 1000) for ns in more.values()])
    return run(run_id, "program", "waker", dict(more, kind=kind),
               [Case(run_id, "waker", title, "ns", "ns")], rounds, seconds, part_of,
               without=("raw-usual",))


def timeout(us, waits, rounds, part_of=FULL):
    """seconds is not asked for: the number of waits says how long it takes."""
    run_id = "timeout/%dus" % us
    return run(run_id, "program", "timeout", {"ns": us * 1000, "waits": waits},
               [Case(run_id, "timeout", "a wait of {:,} us".format(us), "us", "us")],
               rounds, None, part_of, without=())


# One by one or with an API for batches: the others have no part in it. libuv has batches, and no
# segments.
NO_SEGMENTS = ("mio-poll", "rust-mio", "libuv", "libev", "libevent") + SPINNING
NO_BATCHES = tuple(name for name in NO_SEGMENTS if name != "libuv")


def datagrams(size, train, segments, coalesce, rounds, seconds, part_of=FULL):
    """Trains of datagrams between two processes; raw-usual sends and receives one by one."""
    kind = "coalesced" if coalesce else "segments" if segments else "batch"
    run_id = "datagrams/%s/%dx%d" % (kind, size, train)
    what = {"coalesced": "segments, coalesced", "segments": "segments to a plain receiver",
            "batch": "batches"}[kind]
    title = "{:,} B x {}, {}".format(size, train, what)
    return run(run_id, "datagrams", "", {"bytes": size, "train": train, "segments": segments,
                                         "coalesce": coalesce},
               [Case(run_id + "/send", "datagrams", "send, " + title, "ns", "send_ns"),
                Case(run_id + "/recv", "datagrams", "receive, " + title, "ns", "recv_ns")],
               rounds, seconds, part_of, without=NO_SEGMENTS if segments else NO_BATCHES)


def instructions(name, title, part_of):
    run_id = "instructions/" + name
    return run(run_id, "instructions", name, {},
               [Case(run_id, "instructions", title, "instructions", name)], 1, None, part_of,
               without=("raw-usual",))


MEMORY = run("memory", "program", "memory", {"sources": 10000},
             [Case("memory/heap", "memory", "heap, a source", "bytes", "heap_bytes"),
              Case("memory/handle", "memory", "handle in the program, a source", "bytes",
                   "handle_bytes")], 1, None, SMOKE, descriptors=10100)
LIBRARY = run("memory/library", "library", "", {},
              [Case("memory/library", "memory", "shared library, stripped", "bytes", "library")],
              1, None, SMOKE, without=("mio-poll", "raw", "rust-mio") + NOT_ALWAYS)

# Rounds are odd, so that a median is a value that was measured; many where a mark depends on it.
RUNS = [
    #        ready  registered  rounds  seconds
    dispatch(1,     1000,       15,     0.06, QUICK),
    dispatch(64,    1000,       15,     0.06),
    dispatch(1,     10000,      15,     0.06),
    dispatch(64,    10000,      15,     0.06, SMOKE),
    dispatch(1024,  10000,      15,     0.06),
    dispatch(1,     19000,      11,     0.06),
    dispatch(64,    19000,      11,     0.06),
    dispatch(1024,  19000,      11,     0.06),
    dispatch(1,     100000,     5,      0.1),
    dispatch(64,    100000,     5,      0.1),
    dispatch(1024,  100000,     5,      0.1),
    #            sources  rounds  seconds
    registration(1000,    11,     0.05, SMOKE),
    registration(19000,   9,      0.05),
    #    transport  bytes  connections  rounds  seconds
    echo("tcp",     64,    1,           9,      0.2),
    echo("tcp",     64,    64,          21,     0.2, SMOKE),
    echo("tcp",     64,    1000,        21,     0.2),
    echo("tcp",     4096,  1,           5,      0.15),
    echo("tcp",     4096,  64,          5,      0.2),
    echo("tcp",     4096,  1000,        5,      0.2),
    echo("unix",    64,    1,           9,      0.2),
    echo("unix",    64,    64,          41,     0.12, SMOKE),
    echo("unix",    64,    1000,        15,     0.2),
    echo("unix",    4096,  1,           5,      0.15),
    echo("unix",    4096,  64,          5,      0.2),
    echo("unix",    4096,  1000,        5,      0.2),
    #     connections  rounds  seconds
    churn(64,          21,     0.2, SMOKE),
    churn(512,         11,     0.25),
    waker("pending", "while a wake is pending", 11, 0.03, SMOKE),
    waker("busy", "of a loop that works", 11, 0.05, QUICK),
    waker("sleeping", "of a loop that sleeps, until it runs", 15, 0.1, SMOKE),
    wake_of_who_waits("soon", "of a loop that has just begun to wait", 15, 0.1, SMOKE),
    wake_of_who_waits("idle", "CPU time of a loop that is woken every 100 us", 9, 0.2, QUICK,
                      every=100000),
    wake_of_who_waits("idle", "CPU time of a loop that is woken every 1,000 us", 9, 0.4,
                      every=1000000),
    #       us    waits  rounds
    timeout(20,   50,    9),
    timeout(100,  50,    9, SMOKE),
    timeout(900,  30,    15),
    timeout(1500, 20,    15, QUICK),
    timeout(5000, 10,    15),
    #         bytes train segments coalesce rounds seconds
    datagrams(1200, 16, 1, 1, 15, 0.15, SMOKE),
    datagrams(1200, 54, 1, 1, 15, 0.15),
    datagrams(64, 64, 1, 1, 15, 0.15),
    datagrams(1200, 16, 1, 0, 15, 0.15),
    datagrams(1200, 16, 0, 0, 15, 0.15, QUICK),
    MEMORY,
    LIBRARY,
    instructions("event", "an event, of 64 a turn", SMOKE),
    instructions("turn", "a turn with one event", QUICK),
    instructions("registration", "register + reregister + deregister", FULL),
]

CASES = {case.id: case for entry in RUNS for case in entry.cases}


def in_group(group, ids):
    """The cases of a group among these, in the order of the table."""
    return [case for case in CASES.values() if case.group == group and case.id in ids]
