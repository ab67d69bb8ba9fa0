#!/usr/bin/env python3
"""The instruction gate: compares what this library costs in user space with epoll by hand.

    gate.py MIO RAW      the programs of the two contestants

Ends with 1 when a limit is exceeded.
"""
import sys

import instructions
import programs

# The instructions that may be added to the hand-written loop. An event: what a poll has to do for
# one contract on every system. A turn with one event: also the frames of a wait. A registration:
# the checks that find misuse, three times. These two are what it is today (67, 262) and a little
# air, so that it shows when it becomes more.
EVENT_LIMIT = 16
TURN_LIMIT = 72
REGISTRATION_LIMIT = 272


def compare(what, mio, raw, limit):
    """Prints one comparison; returns whether it is within its limit."""
    good = mio <= raw + limit
    print("user instructions per %s: mio %.2f, by hand %.2f (limit: by hand + %d)%s" %
          (what, mio, raw, limit, "" if good else ": the gate failed"))
    return good


def main(mio, raw):
    event = [instructions.event(program)["event"] for program in (mio, raw)]
    triple = [instructions.registration(program)["registration"] for program in (mio, raw)]
    turn = [instructions.turn(program)["turn"] for program in (mio, raw)]
    good = [compare("event at 64 ready", *event, EVENT_LIMIT),
            compare("turn with one event", *turn, TURN_LIMIT),
            compare("register, reregister, deregister", *triple, REGISTRATION_LIMIT)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except programs.Failure as failure:
        sys.exit("the gate counted nothing: %s\n%s" % (failure.reason, failure.stderr))
