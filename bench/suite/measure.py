"""Rounds: all contestants, one after the other, in an order that is new each time."""
import time

import instructions
import library_size
import programs

FAILURES_MAX = 2  # after so many in one case a contestant is not asked again: it may hang


class Plan:
    """How the runs of the table are carried out in one mode."""

    def __init__(self, mode, rounds=None):
        self.mode = mode
        self.rounds_asked = rounds

    def rounds(self, run):
        if run.rounds == 1:
            return 1
        if self.rounds_asked:
            return self.rounds_asked
        return {"smoke": 1, "quick": min(run.rounds, 7), "full": run.rounds}[self.mode]

    def seconds(self, run):
        if run.seconds is None:
            return None
        return {"smoke": 0.01, "quick": run.seconds * 0.4, "full": run.seconds}[self.mode]

    def arguments(self, run):
        if self.mode == "full" or "waits" not in run.arguments:
            return run.arguments
        return dict(run.arguments, waits=3 if self.mode == "smoke" else 10)


class Bench:
    """Measures runs and keeps every value: samples[case][contestant][round]."""

    def __init__(self, build, runner, plan, random):
        self.build = build
        self.runner = runner
        self.plan = plan
        self.random = random
        self.samples = {}
        self.failures = []
        self.left_out = {}

    def measure(self, run):
        """All rounds of a run. The values are there afterwards, None where a run failed."""
        names = [name for name in self.build.programs if name not in run.without]
        rounds = self.plan.rounds(run)
        for case in run.cases:
            self.samples[case.id] = {name: [None] * rounds for name in names}
        failed = dict.fromkeys(names, 0)
        for number in range(rounds):
            self.random.shuffle(names)
            for name in names:
                if failed[name] < FAILURES_MAX:
                    failed[name] += not self.measure_once(run, name, number)

    def measure_once(self, run, name, number):
        try:
            values = HOW[run.how](self, run, name)
            for case in run.cases:
                if case.output not in values:
                    raise programs.Failure("gave no value %s" % case.output)
        except programs.Failure as failure:
            self.failures.append({"run": run.id, "contestant": name, "round": number + 1,
                                  "reason": failure.reason, "stderr": failure.stderr[-2000:]})
            return False
        for case in run.cases:
            self.samples[case.id][name][number] = values[case.output]
        return True

    def obstacle(self, run, descriptors):
        """Why a run is not possible on this machine; None when it is."""
        if run.descriptors > descriptors:
            return "it needs %d descriptors, the limit is %d" % (run.descriptors, descriptors)
        return {"instructions": instructions.missing,
                "library": library_size.missing}.get(run.how, lambda: None)()


def measure_program(bench, run, name):
    return bench.runner.program(bench.build.programs[name], run.program, bench.plan.arguments(run),
                                bench.plan.seconds(run))


def measure_service(bench, run, name):
    return bench.runner.service(bench.build.programs[name], bench.plan.arguments(run),
                                bench.plan.seconds(run))


def measure_datagrams(bench, run, name):
    """The program has all techniques; that of a contestant has its name."""
    return bench.runner.datagrams(bench.build.datagrams, name, bench.plan.arguments(run),
                                  bench.plan.seconds(run))


def measure_library(bench, _run, name):
    return library_size.stripped_size(name, bench.build.programs[name], bench.build.library)


def measure_instructions(bench, run, name):
    count = {"event": instructions.event, "turn": instructions.turn,
             "registration": instructions.registration}
    return count[run.program](bench.build.programs[name])


HOW = {"program": measure_program, "service": measure_service, "library": measure_library,
       "datagrams": measure_datagrams, "instructions": measure_instructions}


def measure_all(bench, runs, descriptors, tell):
    """Measures what is possible. tell(run, seconds, why) hears of each run that ended, or why it
    was left out."""
    for run in runs:
        start = time.monotonic()
        why = bench.obstacle(run, descriptors)
        if why:
            bench.left_out[run.id] = why
        else:
            bench.measure(run)
        tell(run, time.monotonic() - start, why)
