#!/usr/bin/env python3
"""Tests of the suite itself: python3 bench/suite/test_suite.py"""
import contextlib
import importlib.util
import io
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import cases  # noqa: E402
import contestants  # noqa: E402
import machine  # noqa: E402
import marks  # noqa: E402
import measure  # noqa: E402
import numbers_text  # noqa: E402
import programs  # noqa: E402
import publish  # noqa: E402
import report  # noqa: E402
import stats  # noqa: E402
from results import Results  # noqa: E402

ECHO = "echo/tcp/64B/64/cpu"


def load_main():
    """__main__.py under a name of its own: this file is __main__ here."""
    spec = importlib.util.spec_from_file_location("suite_main", os.path.join(HERE, "__main__.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made_up(samples):
    """The data of a samples.json with these values."""
    return {
        "machine": {"cpu": "Some CPU", "cpus": 4, "virtualised": True, "kernel": "Linux 6.1",
                    "date": "2026-01-02", "load_average": 0.5, "descriptors": 20000},
        "settings": {"mode": "quick", "only": "", "rounds": None, "seed": 42, "cpus": [0, 1],
                     "seconds": 12.3, "others": 0.031, "stolen": 0.002},
        "build": {"compiler": "CC 1.2", "build_type": "Release",
                  "versions": {"mio": "0.1.0", "raw": "6.1"},
                  "skipped": {"libuv": "the package is not installed"}},
        "samples": samples, "failures": [], "left_out": {"dispatch/1-of-100000": "too many"}}


SAMPLES = {
    "dispatch/64-of-10000": {"mio": [101, 200, 309], "raw": [100, 200, 300],
                             "libuv": [202, 400, None]},
    ECHO: {"mio": [990, 1010, 1005], "raw": [1000, 1000, 1000], "rust-mio": [1100, 1000, 1200]},
    "instructions/event": {"mio": [40.0], "raw": [24.0]},
    "waker/pending": {"mio": [15.0], "rust-mio": [374.9], "raw": [400.0]},
    "memory/heap": {"mio": [0], "raw": [0], "libuv": [186]},
}


class Statistics(unittest.TestCase):
    def test_quartiles_lie_between_values(self):
        self.assertEqual(stats.summarise([4, 1, 3, 2]), (2.5, 1.75, 3.25, 4))

    def test_one_value_is_its_own_quartiles(self):
        self.assertEqual(stats.summarise([7]), (7, 7, 7, 1))

    def test_runs_that_failed_do_not_count(self):
        self.assertEqual(stats.summarise([None, 5, None, 7]), (6, 5.5, 6.5, 2))
        self.assertIsNone(stats.summarise([None]))

    def test_ratios_pair_the_values_of_a_round(self):
        # The machine gets slower from round to round; the ratio does not see it.
        self.assertEqual(stats.ratios([10, 40, None, 8, 9], [10, 20, 30, None, 0]), [1, 2])
        self.assertEqual(stats.differences([10, 40, None], [1, 2, 3]), [9, 38])


class Figures(unittest.TestCase):
    def setUp(self):
        self.results = Results(made_up(SAMPLES))

    def test_ratio_is_the_median_of_ratios(self):
        ratio = self.results.ratio("dispatch/64-of-10000", "mio")
        self.assertAlmostEqual(ratio.median, 1.01)
        self.assertEqual(ratio.rounds, 3)
        self.assertEqual(self.results.ratio("dispatch/64-of-10000", "libuv").rounds, 2)

    def test_rows_have_null_where_there_is_no_base(self):
        rows = {(row["case"], row["contestant"]): row for row in self.results.rows()}
        self.assertIsNone(rows["memory/heap", "libuv"]["ratio_to_raw"])
        row = rows[ECHO, "mio"]
        self.assertEqual((row["median"], row["unit"], row["rounds"]), (1005, "ns", 3))
        self.assertAlmostEqual(row["ratio_to_raw"], 1.005)

    def test_unknown_cases_of_older_runs_are_passed_over(self):
        results = Results(made_up({"no/such/case": {"mio": [1]}}))
        self.assertEqual((results.rows(), results.names()), ([], []))

    def test_numbers(self):
        self.assertEqual([numbers_text.value(number, "ns") for number in
                          (1234567, 12345, 1234.5, 123.4, 12.34, 1.234)],
                         ["1,235,000", "12,340", "1,234", "123", "12.3", "1.23"])
        self.assertEqual(numbers_text.value(80408, "bytes"), "80,408")
        self.assertEqual([numbers_text.ratio(number) for number in (0.0204, 1.0204, 2.5, 12.34)],
                         ["0.020", "1.020", "2.50", "12.3"])


class Marks(unittest.TestCase):
    def judge(self, samples, case, **wanted):
        found = [mark for mark in marks.MARKS if mark.case == case and
                 all(getattr(mark, name) == value for name, value in wanted.items())]
        self.assertEqual(len(found), 1)
        return marks.judge(found[0], Results(made_up(samples))).status

    def test_each_names_a_case(self):
        for mark in marks.MARKS:
            self.assertIn(mark.case, cases.CASES)

    def test_ratio(self):
        case = "dispatch/64-of-10000"
        self.assertEqual(self.judge(SAMPLES, case, base="raw"), "met")
        self.assertEqual(self.judge({case: {"mio": [103], "raw": [100]}}, case, base="raw"),
                         "missed")
        spread = {case: {"mio": [100, 101, 120], "raw": [100] * 3}}
        self.assertEqual(self.judge(spread, case, base="raw"), "met")
        self.assertEqual(self.judge(SAMPLES, case, base="libuv"), "met")
        self.assertEqual(self.judge(SAMPLES, case, base="libevent"), "not measured")

    def test_ratio_to_another_is_per_round_too(self):
        self.assertEqual(self.judge(SAMPLES, ECHO, base="rust-mio"), "met")
        # The medians alone, 200 / 290, would meet it.
        slower = {ECHO: {"mio": [100, 200, 300], "rust-mio": [90, 310, 290]}}
        self.assertEqual(self.judge(slower, ECHO, base="rust-mio"), "missed")

    def test_ratio_to_raw(self):
        self.assertEqual(self.judge(SAMPLES, ECHO, base="raw"), "met")
        self.assertEqual(self.judge({ECHO: {"mio": [103], "raw": [100]}}, ECHO, base="raw"),
                         "missed")

    def test_difference(self):
        case = "instructions/event"
        self.assertEqual(self.judge(SAMPLES, case), "met")
        self.assertEqual(self.judge({case: {"mio": [40.1], "raw": [24]}}, case), "missed")

    def test_value(self):
        self.assertEqual(self.judge(SAMPLES, "waker/pending", kind="value"), "met")
        self.assertEqual(self.judge(SAMPLES, "waker/pending", kind="ratio"), "missed")
        self.assertEqual(self.judge(SAMPLES, "memory/heap"), "met")
        self.assertEqual(self.judge({"memory/heap": {"mio": [0.1]}}, "memory/heap"), "missed")


class Report(unittest.TestCase):
    def test_tells_figures_marks_and_what_is_missing(self):
        data = made_up(SAMPLES)
        data["failures"] = [{"run": "echo/tcp/64B/64", "contestant": "libev", "round": 2,
                             "reason": "ended with 3", "stderr": "no\nluck"}]
        text = report.markdown(Results(data), ["overview"])
        for part in ("| 64 of 10,000 ready (ns) | 1.010 [1.005..1.020]<br>200 | 200 |"
                     " 2.01 [2.00..2.02]<br>301 |",
                     "| libuv | `libuv` | skipped: the package is not installed |",
                     "Left out: dispatch/1-of-100000 (too many).",
                     "other programs used 3.1 % and the hypervisor took 0.2 % of",
                     "**Failed**: echo/tcp/64B/64 of libev in round 2: ended with 3.",
                     "The program said: `no luck`.", "(seed 42)", "virtualised",
                     "![The most important cases](charts/overview.svg)",
                     "<= 1.02 x raw epoll | 1.010 [1.005..1.020] |  | met |",
                     "<= 0.86 x libuv | 0.500 [0.500..0.500] | 0.498 | met |",
                     "<= raw epoll + 16 | 16.0 |  | met |"):
            self.assertIn(part, text)
        self.assertNotIn("charts/dispatch.svg", text)

    def test_a_mark_missed_by_little_is_told_with_more_digits(self):
        case = "dispatch/64-of-10000"
        text = report.markdown(Results(made_up({case: {"mio": [86.02], "libuv": [100]}})), [])
        self.assertIn("<= 0.86 x libuv | 0.86020 |  | **missed** |", text)

    def test_no_line_ends_with_a_space(self):
        text = report.markdown(Results(made_up(SAMPLES)), [])
        self.assertNotIn(" \n", text)


class Programs(unittest.TestCase):
    """Contestants that are scripts: one that works, one that fails, one that hangs."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def script(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return path

    def bench(self, load="", rounds=3, **scripts):
        build = contestants.Build({name: self.script(name, text)
                                   for name, text in scripts.items()}, {}, {}, "", "", "")
        runner = programs.Runner(load, (None, None), self.folder)
        return measure.Bench(build, runner, measure.Plan("smoke", rounds), random.Random(1))

    def test_failures_are_named_and_the_rest_goes_on(self):
        bench = self.bench(mio="echo ns 5", raw="echo bad luck >&2; exit 3", libev="echo us 5",
                           libuv="echo what is this")
        bench.measure(next(run for run in cases.RUNS if run.id == "dispatch/64-of-10000"))
        self.assertEqual(bench.samples, {"dispatch/64-of-10000": {
            "mio": [5, 5, 5], "raw": [None] * 3, "libev": [None] * 3, "libuv": [None] * 3}})
        self.assertEqual(len(bench.failures), 6)
        said = {failure["contestant"]: failure for failure in bench.failures}
        self.assertEqual((said["raw"]["reason"], said["raw"]["stderr"]),
                         ("ended with 3", "bad luck\n"))
        self.assertEqual(said["libev"]["reason"], "gave no value ns")
        self.assertEqual(said["libuv"]["reason"], "printed something else than values")

    def test_all_take_part_in_each_round_in_changing_order(self):
        note = 'echo "$0" >> "$(dirname "$0")/log"; echo ns 5'
        bench = self.bench(rounds=9, mio=note, raw=note, libev=note)
        bench.measure(next(run for run in cases.RUNS if run.id == "waker/pending"))
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            names = [os.path.basename(line.strip()) for line in file]
        rounds = [tuple(names[at:at + 3]) for at in range(0, len(names), 3)]
        self.assertEqual({tuple(sorted(names)) for names in rounds}, {("libev", "mio", "raw")})
        self.assertEqual(len(rounds), 9)
        self.assertGreater(len(set(rounds)), 1)

    def test_a_server_is_loaded_and_killed(self):
        load = self.script("load", 'for a; do case $a in pid=*) kill -0 "${a#pid=}" && '
                           'echo "cpu_ns ${a#pid=}";; port=*) echo "rate ${a#port=}";; esac; done')
        bench = self.bench(load, 1, mio="echo ready 7; exec sleep 60")
        bench.measure(next(run for run in cases.RUNS if run.id == "churn/tcp/64"))
        self.assertEqual(bench.failures, [])
        self.assertEqual(bench.samples["churn/tcp/64/rate"]["mio"], [7])
        pid = int(bench.samples["churn/tcp/64/cpu"]["mio"][0])
        self.assertRaises(ProcessLookupError, os.kill, pid, 0)

    def test_a_server_that_ends_is_a_failure(self):
        load = self.script("load", "sleep 0.2; echo cpu_ns 1; echo rate 2")
        bench = self.bench(load, 1, mio="echo ready 7; echo ouch >&2; exit 4", raw="echo no")
        bench.measure(next(run for run in cases.RUNS if run.id == "churn/tcp/64"))
        said = {failure["contestant"]: failure for failure in bench.failures}
        self.assertEqual((said["mio"]["reason"], said["mio"]["stderr"]),
                         ("the server did not stay until the end; the server ended with 4",
                          "ouch\n"))
        self.assertIn("the server did not become ready", said["raw"]["reason"])

    def test_what_a_server_said_is_told_when_the_load_fails(self):
        load = self.script("load", "sleep 0.2; echo reset >&2; exit 1")
        bench = self.bench(load, 1, mio="echo ready 7; echo ouch >&2; exit 4")
        bench.measure(next(run for run in cases.RUNS if run.id == "churn/tcp/64"))
        self.assertEqual([(failure["reason"], failure["stderr"]) for failure in bench.failures],
                         [("ended with 1; the server ended with 4", "reset\nouch\n")])

    def test_rubbish_is_a_failure(self):
        bench = self.bench("true", 1, mio="printf rea; exec sleep 60", raw="echo ready abc")
        ready, programs.READY_SECONDS = programs.READY_SECONDS, 0.3
        bench.measure(next(run for run in cases.RUNS if run.id == "churn/tcp/64"))
        programs.READY_SECONDS = ready
        self.assertEqual(len(bench.failures), 2)
        bench = self.bench("true", 1, mio="echo ns nan", raw="printf '\\377\\n'")
        bench.measure(next(run for run in cases.RUNS if run.id == "waker/pending"))
        self.assertEqual({failure["reason"] for failure in bench.failures},
                         {"printed something else than values"})

    def test_a_program_that_hangs_is_stopped(self):
        start = time.monotonic()
        with self.assertRaisesRegex(programs.Failure, "did not end within 0.2 s"):
            programs.call([self.script("hang", "exec sleep 30")], 0.2)
        self.assertLess(time.monotonic() - start, 10)

    def test_who_is_missing_is_skipped_with_a_reason(self):
        path = os.path.join(self.folder, "contestants.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"contestants": [
                {"name": "mio", "program": self.script("mio", "echo 1.2.3")},
                {"name": "raw", "program": os.path.join(self.folder, "nothing")},
                {"name": "libev", "skipped": "no libev-dev"}]}, file)
        build = contestants.load(path)
        self.assertEqual(build.versions, {"mio": "1.2.3"})
        self.assertEqual((build.skipped["raw"], build.skipped["libev"], build.skipped["libuv"]),
                         ("the program was not built", "no libev-dev", "not part of this build"))


class Machine(unittest.TestCase):
    def test_the_peer_is_on_another_core(self):
        def siblings(cpu):
            return {cpu, cpu ^ 1}
        self.assertEqual(machine.choose_cpus({0, 1, 2, 3}, siblings), (0, 2))
        self.assertEqual(machine.choose_cpus({4, 5}, siblings), (4, 5))
        self.assertEqual(machine.choose_cpus({3}, siblings), (None, None))


    def test_work_of_all_processors(self):
        text = "cpu  100 20 300 9999 50 6 7 80 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n"
        self.assertEqual(machine.cpu_seconds(text, 100), (4.33, 0.8))

    def test_own_work_is_not_that_of_others(self):
        def at(work, steal, own, elapsed):
            return (mock.patch("machine.read", lambda _: "cpu %d 0 0 0 0 0 0 %d" % (work, steal)),
                    mock.patch("os.times", lambda: os.times_result((own, 0, 0, 0, elapsed))),
                    mock.patch("os.sysconf", lambda _: 1))
        with contextlib.ExitStack() as stack:
            for patch in at(work=100, steal=10, own=1, elapsed=1000):
                stack.enter_context(patch)
            quiet = machine.Quiet()
            for patch in at(work=108, steal=11, own=4, elapsed=1010):
                stack.enter_context(patch)
            self.assertEqual(quiet.shares(), {"others": 0.5, "stolen": 0.1})


class Table(unittest.TestCase):
    def test_modes_contain_one_another_and_rounds_are_odd(self):
        for run in cases.RUNS:
            self.assertEqual(run.rounds % 2, 1, run.id)
        self.assertEqual(len(cases.CASES), sum(len(run.cases) for run in cases.RUNS))
        self.assertEqual({case.group for case in cases.CASES.values()}, set(cases.GROUPS))

    def test_marks_depend_on_enough_rounds(self):
        rounds = {case.id: run.rounds for run in cases.RUNS for case in run.cases}
        for mark in marks.MARKS:
            if rounds[mark.case] != 1:
                self.assertGreaterEqual(rounds[mark.case], 9, mark.case)

    def test_too_many_descriptors_are_an_obstacle(self):
        bench = measure.Bench(None, None, None, None)
        run = next(run for run in cases.RUNS if run.id == "dispatch/1-of-100000")
        self.assertIn("the limit is 20000", bench.obstacle(run, 20000))
        self.assertIsNone(bench.obstacle(run, 200000))


class Commands(unittest.TestCase):
    """--from, and publishing what it wrote."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        self.out = os.path.join(self.root, "bench", "out")
        self.write("samples.json", json.dumps(made_up(SAMPLES)))

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, *names):
        with open(os.path.join(self.root, *names), encoding="utf-8") as file:
            return file.read()

    def make_report(self):
        """The report without running anything; its exit code."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return load_main().main(["--from", os.path.join(self.root, "samples.json"),
                                     "--out", self.out])

    def test_from_samples(self):
        self.assertEqual(self.make_report(), 0)
        rows = json.loads(self.read("bench", "out", "report.json"))
        self.assertEqual(len(rows), sum(len(names) for names in SAMPLES.values()))
        first = self.read("bench", "out", "report.md")
        self.assertIn("## Marks", first)
        self.make_report()
        self.assertEqual(self.read("bench", "out", "report.md"), first)

    def test_failures_of_the_run_are_the_exit_code(self):
        data = made_up(SAMPLES)
        data["failures"] = [{"run": "memory", "contestant": "raw", "round": 1, "reason": "ended",
                             "stderr": ""}]
        self.write("samples.json", json.dumps(data))
        self.assertEqual(self.make_report(), 1)

    def publish(self, *words):
        with contextlib.redirect_stdout(io.StringIO()):
            return publish.main(["--root", self.root] + list(words))

    def write_run(self, **changed):
        """Report and samples of a run that may be published, but for what is changed."""
        data = made_up(SAMPLES)
        data["settings"]["mode"] = "full"
        data["build"]["skipped"] = {}
        for part, values in changed.items():
            data[part] = dict(data[part], **values) if isinstance(values, dict) else values
        self.write("samples.json", json.dumps(data))
        self.make_report()
        shutil.copy(os.path.join(self.root, "samples.json"), self.out)

    def write_readers(self, text):
        for name in publish.READERS:
            self.write(name, text)

    def test_publishing(self):
        self.write_run()
        self.write_readers("before\n%s\nold\n%s\nafter\n" % (publish.BEGIN, publish.END))
        self.assertEqual(self.publish(), 0)
        for name in publish.READERS:
            text = self.read(name)
            self.assertTrue(text.startswith("before\n") and text.endswith("\nafter\n"))
            self.assertIn("| Dispatch, 64 of 10,000 ready, an event | 1.010 | 200 ns | - | 2.01 |",
                          text)
            self.assertIn("| User instructions, an event | 40.0 | 24.0 |", text)
            self.assertIn("Measured 2026-01-02 on Some CPU, 4 CPUs, virtualised, Linux 6.1", text)
            self.assertNotIn("old", text)
            self.assertEqual(self.publish("--check"), 0)
            self.write(name, text.replace("| 2.01 |", "| 2.02 |"))
            self.assertEqual(self.publish("--check"), 1)
            self.write(name, text)

    def test_only_a_whole_run_is_published(self):
        marks_alone = "%s\n%s\n" % (publish.BEGIN, publish.END)
        failure = {"run": "memory", "contestant": "raw", "round": 1, "reason": "x", "stderr": ""}
        for changed in ({"settings": {"mode": "quick"}}, {"settings": {"only": "echo"}},
                        {"failures": [failure]}, {"build": {"skipped": {"libuv": "missing"}}}):
            self.write_run(**changed)
            self.write_readers(marks_alone)
            self.assertEqual(self.publish(), 1, changed)
            self.assertEqual(self.read("README.md"), marks_alone)

    def test_cases_are_measured_again(self):
        failure = {"run": "waker/pending", "contestant": "raw", "round": 1, "reason": "x",
                   "stderr": ""}
        other = dict(failure, run="memory")
        data = load_main().replace(dict(made_up(dict(SAMPLES)), failures=[failure, other]),
                                   made_up({"waker/pending": {"mio": [3.0], "raw": [6.0]}}))
        self.assertEqual(data["samples"]["waker/pending"], {"mio": [3.0], "raw": [6.0]})
        self.assertEqual(data["samples"][ECHO], SAMPLES[ECHO])
        self.assertEqual(data["failures"], [other])
        self.assertIn("Measured again afterwards, all contestants in all rounds: waker/pending.",
                      report.markdown(Results(data), []))

    def test_pictures_are_small(self):
        self.write_run()
        os.makedirs(os.path.join(self.out, "charts"), exist_ok=True)
        for size, status in ((publish.PICTURES_MAX, 0), (publish.PICTURES_MAX + 1, 1)):
            self.write(os.path.join("bench", "out", "charts", "overview.svg"), "x" * size)
            self.write_readers("%s\n%s\n" % (publish.BEGIN, publish.END))
            self.assertEqual(self.publish(), status)

    def test_links_lead_to_the_chart(self):
        self.write_run()
        os.makedirs(os.path.join(self.out, "charts"), exist_ok=True)
        self.write(os.path.join("bench", "out", "charts", "overview.svg"), "a chart")
        self.write_readers("%s\n%s\n" % (publish.BEGIN, publish.END))
        self.publish()
        for name in publish.READERS:
            link, = re.findall(r"!\[.*\]\((.*)\)", self.read(name))
            where = os.path.join(self.root, os.path.dirname(name), link)
            self.assertTrue(os.path.exists(where), link)

    def test_charts_of_an_earlier_run_go(self):
        old = os.path.join(self.out, "charts", "old.svg")
        os.makedirs(os.path.dirname(old))
        self.write(os.path.join("bench", "out", "charts", "old.svg"), "a chart")
        self.make_report()
        self.assertFalse(os.path.exists(old))

    def test_reader_without_marks_is_refused(self):
        self.write_run()
        self.write_readers("nothing here\n")
        self.assertRaises(SystemExit, self.publish)


if __name__ == "__main__":
    unittest.main()
