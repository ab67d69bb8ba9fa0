"""report.md: the figures for people."""
import cases
import contestants
import marks
import numbers_text

# The charts that the report shows. Those of rates and latencies lie beside them.
SHOWN = ("overview", "dispatch", "registration", "echo-cpu", "churn", "waker", "timeout",
         "datagrams", "scaling")


def table(head, rows, texts=1):
    """A Markdown table: so many columns of text, to the left, the others to the right."""
    lines = ["| " + " | ".join(head) + " |",
             "|" + " --- |" * texts + " ---: |" * (len(head) - texts)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def measured_line(data):
    """One line that says when and where. README.md repeats it."""
    machine, build = data["machine"], data["build"]
    return ("Measured %s on %s, %d CPU%s, %s, %s, compiled by %s as %s." % (
        machine["date"], machine["cpu"], machine["cpus"], "" if machine["cpus"] == 1 else "s",
        "virtualised" if machine["virtualised"] else "not virtualised", machine["kernel"],
        build["compiler"], build["build_type"]))


def how_quiet(data):
    """The load beside the run, for the reader who wonders about a spread."""
    settings = data["settings"]
    text = "It took %d s. The load average before was %.2f" % (
        settings["seconds"], data["machine"]["load_average"])
    if "others" in settings:
        text += ("; meanwhile other programs used %.1f %% and the hypervisor took %.1f %% of the"
                 " time of one CPU" % (100 * settings["others"], 100 * settings["stolen"]))
    return text + "."


def method(data):
    settings = data["settings"]
    lines = [
        "Each contestant is one program: the same harness around another library. Each value"
        " comes from a process of its own.",
        "In each round all contestants run once, in an order that is shuffled anew (seed %d)."
        % settings["seed"],
        "A ratio is the median over the rounds of value / value of %s in the same round: what"
        " slows the machine for a while slows both." % contestants.title(contestants.BASE),
        pinning(settings),
        "Values are medians over the rounds (mode %s); brackets hold the first and the third"
        " quartile. CPU time is that of the server alone." % settings["mode"],
        "Only ratios compare. Values of one case fall into two groups, by where a process happens"
        " to lie in memory, and a median may stand in either.",
    ]
    return ["## Method", ""] + ["%d. %s" % pair for pair in enumerate(lines, 1)] + [""]


def pinning(settings):
    if settings["cpus"][0] is None:
        return "There is one CPU only, so nothing is pinned and load and loop share it."
    return "Loop and server run on CPU %d, load and second threads on CPU %d." % tuple(
        settings["cpus"])


def who(data):
    versions, skipped = data["build"]["versions"], data["build"]["skipped"]
    rows = [[contestants.title(name), "`%s`" % name, versions.get(name) or
             "skipped: " + skipped[name]]
            for name in contestants.in_order(set(versions) | set(skipped))]
    return ["## Contestants", ""] + table(["contestant", "name", "version"], rows, texts=3)


def missing(data):
    """Lines about what the run lacks, and about what comes from a later one."""
    notes = ["Left out: %s (%s)." % pair for pair in data["left_out"].items()]
    notes += ["Charts: %s." % note for note in data.get("chart_notes", [])]
    if "again" in data:
        notes.append("Measured again afterwards, all contestants in all rounds: %s."
                     % ", ".join(data["again"]))
    for failure in data["failures"]:
        notes.append("**Failed**: %(run)s of %(contestant)s in round %(round)d: %(reason)s."
                     % failure)
        if failure["stderr"].strip():
            notes.append("The program said: `%s`."
                         % " ".join(failure["stderr"].replace("`", "'").split()))
    if not notes:
        return []
    return ["## What this report lacks", ""] + ["- " + note for note in notes] + [""]


def measured_text(mark, summary):
    """median [q1..q3]"""
    if summary is None:
        return "-"
    texts = [numbers_text.ratio(number) if mark.kind == "ratio" else
             numbers_text.value(number, cases.CASES[mark.case].unit) for number in summary[:3]]
    if mark.kind == "ratio" and round(summary.median, 3) == mark.most:
        texts[0] = "%.5f" % summary.median  # 0.8602 is more than 0.86
    return texts[0] if summary.rounds == 1 else "%s [%s..%s]" % tuple(texts)


def marks_table(results):
    verdicts = marks.judge_all(results)
    counts = {status: sum(verdict.status.startswith(status) for verdict in verdicts)
              for status in ("met", "missed", "not measured")}
    rows = [["%s: %s" % (cases.GROUPS[cases.CASES[mark.case].group].title,
                         cases.CASES[mark.case].title),
             mark.limit(), measured_text(mark, measured), by_hand(mark, results),
             "**%s**" % status if status.startswith("missed") else status]
            for mark, measured, status in verdicts]
    base = contestants.title(contestants.BASE)
    return (["## Marks", "", "The library's promises, judged by the medians: %d met, %d missed,"
             " %d not measured. Where the limit is about another library, %s shows how near to it"
             " epoll itself comes on this machine." % (*counts.values(), base), ""] +
            table(["case", "limit", "measured", base, ""], rows, texts=5))


def by_hand(mark, results):
    """The value of epoll by hand for a mark against another library."""
    if mark.kind != "ratio" or mark.base == contestants.BASE:
        return ""
    ratio = results.ratio(mark.case, contestants.BASE, mark.base)
    return numbers_text.ratio(ratio.median) if ratio else ""


def cell(results, case, name):
    """The ratio with its quartiles, and below it the value. Without a ratio the value alone."""
    value = results.summary(case.id, name)
    if value is None:
        return ""
    text = numbers_text.value(value.median, case.unit)
    ratio = results.ratio(case.id, name)
    if ratio is None or name == contestants.BASE:
        return text
    if ratio.rounds == 1:
        return "%s<br>%s" % (numbers_text.ratio(ratio.median), text)
    return "%s [%s..%s]<br>%s" % (*map(numbers_text.ratio, ratio[:3]), text)


def better(found):
    higher = {case.higher_is_better for case in found}
    if len(higher) == 2:
        return "Lower times and higher rates are better"
    return "Higher is better" if higher == {True} else "Lower is better"


def group_table(results, key):
    found = results.cases(key)
    if not found:
        return []
    group = cases.GROUPS[key]
    names = [name for name in results.names()
             if any(results.summary(case.id, name) for case in found)]
    rows = [["%s (%s)" % (case.title, case.unit)] + [cell(results, case, name) for name in names]
            for case in found]
    how = " Ratio to %s [quartiles], below it the value." % contestants.title(contestants.BASE)
    return (["## " + group.title, "",
             "%s. %s.%s" % (group.what, better(found), "" if group.absolute else how), ""] +
            table(["case"] + [contestants.title(name) for name in names], rows))


def markdown(results, charts):
    """The whole report. charts: the names of those that were drawn."""
    data = results.data
    lines = ["# Benchmark", "", measured_line(data), ""]
    lines += [how_quiet(data), ""]
    if "overview" in charts:
        lines += ["![The most important cases](charts/overview.svg)", ""]
    lines += method(data) + who(data) + missing(data) + marks_table(results)
    for key in cases.GROUPS:
        lines += group_table(results, key)
        if key in charts and key in SHOWN:
            lines += ["![%s](charts/%s.svg)" % (cases.GROUPS[key].title, key), ""]
    if "scaling" in charts:
        lines += ["## Scaling", "", "![Scaling](charts/scaling.svg)", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
