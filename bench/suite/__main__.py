"""Runs the benchmark and writes report and charts.

    python3 bench/suite --contestants BUILD/bench/contestants.json --load BUILD/bench/bench_load \
        --out bench/out [--quick | --smoke] [--only REGEX] [--rounds N] [--seed N]
    python3 bench/suite --from bench/out/samples.json --out bench/out

The second form makes report and charts again from the values of an earlier run. With --again
SAMPLES the first one measures the cases of --only anew, beside the other values of that run. Ends
with 1 when a run failed; the report names it.
"""
import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import time

import cases
import charts
import contestants
import machine
import measure
import numbers_text
import programs
import report
from results import Results


def parse_arguments(words):
    parser = argparse.ArgumentParser(prog="bench/suite", description="Runs the benchmark.")
    parser.add_argument("--contestants", metavar="JSON", help="contestants.json of the build")
    parser.add_argument("--load", metavar="PROGRAM", help="bench_load of the build")
    parser.add_argument("--from", dest="source", metavar="JSON",
                        help="run nothing: read the values of this samples.json")
    parser.add_argument("--again", metavar="JSON",
                        help="replace the cases of --only in this samples.json")
    parser.add_argument("--out", default="bench/out", metavar="FOLDER")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", dest="mode", action="store_const", const="quick", default="full",
                      help="the most important cases, under a minute")
    mode.add_argument("--smoke", dest="mode", action="store_const", const="smoke",
                      help="does everything work? The values mean nothing")
    parser.add_argument("--only", default="", metavar="REGEX", help="cases with such a name")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N", help="of the order in the rounds")
    options = parser.parse_args(words)
    if not options.source and not (options.contestants and options.load):
        parser.error("either --contestants and --load, or --from")
    if options.again and not options.only:
        parser.error("--again: --only tells of which cases")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    try:
        re.compile(options.only)
    except re.error as error:
        parser.error("--only: %s" % error)
    if not options.source and not chosen_runs(options):
        parser.error("--only: no case has such a name")
    return options


def chosen_runs(options):
    return [run for run in cases.RUNS
            if run.part_of <= cases.MODES[options.mode] and
            any(re.search(options.only, case.id) for case in run.cases)]


class Progress:
    """A line per case as it ends."""

    def __init__(self, data, runs):
        self.data = data
        self.count = sum(len(run.cases) for run in runs)
        self.done = 0

    def tell(self, run, seconds, why):
        results = Results(self.data)
        for case in run.cases:
            self.done += 1
            text = ("left out: " + why if why else
                    "%s; %.1f s" % (self.figures(results, case), seconds))
            print("[%3d/%d] %s: %s: %s" % (self.done, self.count, cases.GROUPS[case.group].title,
                                           case.title, text), flush=True)

    @staticmethod
    def figures(results, case):
        words = []
        for name in ("mio", contestants.BASE):
            value = results.summary(case.id, name)
            if value:
                words.append("%s %s %s" % (
                    name, numbers_text.value(value.median, case.unit), case.unit))
        ratio = results.ratio(case.id, "mio")
        if ratio:
            words.append("ratio " + numbers_text.ratio(ratio.median))
        return ", ".join(words) or "no values"


def run_benchmark(options):
    """Measures; the data of samples.json."""
    start, quiet = time.monotonic(), machine.Quiet()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10 ** 6)
    settings = {"mode": options.mode, "only": options.only, "rounds": options.rounds, "seed": seed,
                "cpus": machine.choose_cpus(os.sched_getaffinity(0))}
    build = contestants.load(options.contestants)
    with tempfile.TemporaryDirectory(prefix="mio-bench-") as folder:
        bench = measure.Bench(build, programs.Runner(options.load, settings["cpus"], folder),
                              measure.Plan(options.mode, options.rounds), random.Random(seed))
        data = {"machine": machine.describe(), "settings": settings,
                "build": {"compiler": build.compiler, "build_type": build.build_type,
                          "versions": build.versions, "skipped": build.skipped},
                "samples": bench.samples, "failures": bench.failures,
                "left_out": bench.left_out}
        runs = chosen_runs(options)
        print("%s mode, seed %d, CPUs %s" % (options.mode, seed, settings["cpus"]), flush=True)
        measure.measure_all(bench, runs, data["machine"]["descriptors"],
                            Progress(data, runs).tell)
    settings["seconds"] = time.monotonic() - start
    settings.update(quiet.shares())
    return data


def replace(earlier, data):
    """The earlier run, but for the runs that were measured again: those with all their rounds."""
    runs = {run.id for run in cases.RUNS for case in run.cases if case.id in data["samples"]}
    earlier["samples"].update(data["samples"])
    earlier["failures"] = data["failures"] + [failure for failure in earlier["failures"]
                                              if failure["run"] not in runs]
    earlier["again"] = sorted(runs.union(earlier.get("again", [])))
    return earlier


def read_samples(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_samples(path, data):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")


def write_rows(path, rows):
    """A row a line, so that two reports can be compared line by line."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def write_results(data, out):
    results = Results(data)
    drawn, notes = charts.draw_all(results, os.path.join(out, "charts"))
    data["chart_notes"] = notes
    write_rows(os.path.join(out, "report.json"), results.rows())
    with open(os.path.join(out, "report.md"), "w", encoding="utf-8") as file:
        file.write(report.markdown(results, drawn))


def main(words):
    # A plain kill ends as Ctrl-C does: folders and servers are cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = parse_arguments(words)
    os.makedirs(options.out, exist_ok=True)
    if options.source:
        data = read_samples(options.source)
    else:
        earlier = read_samples(options.again) if options.again else None
        data = run_benchmark(options)
        if earlier:
            data = replace(earlier, data)
        write_samples(os.path.join(options.out, "samples.json"), data)
    write_results(data, options.out)
    for failure in data["failures"]:
        print("failed: %(run)s of %(contestant)s in round %(round)d: %(reason)s\n%(stderr)s"
              % failure, file=sys.stderr)
    print("the report is %s" % os.path.join(options.out, "report.md"))
    return 1 if data["failures"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
