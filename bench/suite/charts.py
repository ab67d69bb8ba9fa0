"""Charts by matplotlib: a figure per group, one about scaling, and an overview for README.md."""
import math
import os
import re
import shutil
from xml.etree import ElementTree

import cases
import contestants
from results import Results

try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
    import bars
    MISSING = None
except ImportError as error:
    MISSING = str(error)

# SVG files are the same for the same values: no date, names of elements from a fixed salt.
SETTINGS = {
    "svg.hashsalt": "mio", "svg.fonttype": "none", "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"], "font.size": 9, "axes.titlesize": 10,
    "axes.titleweight": "bold", "axes.spines.top": False, "axes.spines.right": False,
    "figure.facecolor": "white", "savefig.facecolor": "white", "figure.max_open_warning": 0,
}
COLUMNS = 3
# The overview shows who is best known; the report shows all.
OVERVIEW = ("mio", "raw", "rust-mio", "libuv", "libev", "libevent")


SVG = "http://www.w3.org/2000/svg"
LINK = "http://www.w3.org/1999/xlink"


def simplify(element, styles):
    """Takes away groups that only hold elements together, turns by no angle, and digits behind the
    first; turns styles into classes."""
    for child in list(element):
        simplify(child, styles)
        if child.tag == "{%s}g" % SVG and "clip-path" not in child.attrib:
            at = list(element).index(child)
            element[at:at + 1] = list(child)
    for name, value in list(element.attrib.items()):
        if name == "transform" and value.startswith("rotate(-0 "):
            del element.attrib[name]
        elif name == "style":
            del element.attrib[name]
            element.set("class", styles.setdefault(value, "s%d" % len(styles)))
        elif name not in ("width", "height", "viewBox"):
            element.set(name, " ".join(re.sub(r"(\.\d)\d+", r"\1", value).split()))
    element.text = element.text.strip() if element.text else None
    element.tail = None


def slim(svg):
    """The same picture in a fraction of the bytes."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    root = ElementTree.fromstring(svg)
    for metadata in root.findall("{%s}metadata" % SVG):
        root.remove(metadata)
    styles = {}
    simplify(root, styles)
    rules = ElementTree.Element("{%s}style" % SVG)
    rules.text = "".join(".%s{%s}" % (name, style.replace("; ", ";").replace(": ", ":"))
                         for style, name in styles.items())
    root.insert(0, rules)
    text = ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")
    names = {}  # of what is used again: short ones
    return re.sub(r"\b[mp][0-9a-f]{10}\b",
                  lambda found: names.setdefault(found[0], "u%d" % len(names)), text) + "\n"


def save(figure, folder, name):
    path = os.path.join(folder, name + ".svg")
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    with open(path, encoding="utf-8") as file:
        svg = slim(file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(svg)
    figure.savefig(os.path.join(folder, name + ".png"), dpi=130, metadata={"Software": None})
    pyplot.close(figure)
    return name


def grid(count, height, left, title, subtitle):
    """A figure with so many panels, and a title above them. left: the room for what stands there.
    All in inches, so that panels of different figures look alike."""
    columns = 2 if count == 4 else min(COLUMNS, count)
    rows = -(-count // columns)
    width, top, right, above, below = max(4.2 * columns, 6), 0.62, 0.15, 0.3, 0.5
    total = rows * height + top
    figure, axes = pyplot.subplots(rows, columns, squeeze=False, figsize=(width, total))
    panel_width = width / columns - left - right
    figure.subplots_adjust(
        left=left / width, right=1 - right / width, wspace=(left + right) / panel_width,
        top=1 - (top + above) / total, bottom=below / total,
        hspace=(above + below) / (height - above - below))
    panels = list(axes.flat)
    for unused in panels[count:]:
        unused.remove()
    figure.text(0.15 / width, 1 - 0.1 / total, title, fontsize=14, fontweight="bold", va="top")
    figure.text(0.15 / width, 1 - 0.38 / total, subtitle, fontsize=9.5, color="#444444", va="top")
    return figure, panels[:count]


def room_for(names):
    """The width of the longest title, with some air."""
    return 0.28 + 0.062 * max(len(contestants.title(name)) for name in names)


def how_to_read(results, found, absolute):
    text = ""
    if not absolute:
        text = " Bars: ratio to %s, and its value." % contestants.title(contestants.BASE)
    if any(value and value.rounds > 1 for case in found
           for value in (results.summary(case.id, name) for name in results.names())):
        text += " Whiskers: quartiles of the rounds."
    return text


def draw_group(results, key, folder):
    """The ratios of a group: a panel per case, a bar per contestant."""
    group, found = cases.GROUPS[key], results.cases(key)
    names = [name for name in results.names()
             if any(results.summary(case.id, name) for case in found)]
    absolute = group.absolute or not any(results.ratio(case.id, contestants.BASE)
                                         for case in found)
    figure, panels = grid(len(found), 0.85 + 0.24 * len(names), room_for(names), group.title,
                          group.what + "." + how_to_read(results, found, absolute))
    for panel, case in zip(panels, found):
        bars.draw(panel, results, case, names, absolute)
    return save(figure, folder, key)


def overview_panels(results):
    """The six cases: case, title, whether absolute."""
    table = (("dispatch/64-of-10000", "Dispatch, 64 of 10,000 ready: time/event", False),
             ("echo/tcp/64B/64/cpu", "TCP echo, 64 B x 64: CPU/request", False),
             ("echo/unix/64B/64/cpu", "Unix echo, 64 B x 64: CPU/request", False),
             ("churn/tcp/64/cpu", "Accept, serve, close: CPU/connection", False),
             ("waker/pending", "Wake while one is pending", True),
             ("timeout/100us", "A wait of 100 us ends late by", True))
    return [row for row in table
            if any(results.summary(row[0], name) for name in OVERVIEW)]


def draw_overview(results, folder):
    table = overview_panels(results)
    if not table:
        return None
    names = [name for name in results.names() if name in OVERVIEW]
    figure, panels = grid(len(table), 0.85 + 0.26 * len(names), room_for(names),
                          "mio for C and its peers",
                          "Lower is better. The first four: ratio to raw epoll in the same round;"
                          " the last two: values.")
    for panel, (case, title, absolute) in zip(panels, table):
        bars.draw(panel, results, cases.CASES[case], names, absolute, title)
    return save(figure, folder, "overview")


def scaling_lines(results):
    """The panels of the chart about scaling: title, label, points (x, case)."""
    sizes = (1000, 10000, 19000, 100000)
    counts = (1, 64, 1000)
    lines = [("Dispatch, 64 ready: ns an event", "registered sources",
              [(size, "dispatch/64-of-%d" % size) for size in sizes])]
    for transport, title in (("tcp", "TCP"), ("unix", "Unix")):
        lines.append((title + " echo, 64 B: CPU ns a request", "connections",
                      [(count, "echo/%s/64B/%d/cpu" % (transport, count)) for count in counts]))
    kept = [(title, label, [point for point in points if results.samples.get(point[1])])
            for title, label, points in lines]
    return [line for line in kept if len(line[2]) > 1]


def draw_line(panel, results, name, points):
    measured = [(x, results.summary(case, name)) for x, case in points]
    measured = [(x, value) for x, value in measured if value]
    strong = name == "mio"
    panel.errorbar([x for x, _ in measured], [value.median for _, value in measured],
                   yerr=[[value.median - value.q1 for _, value in measured],
                         [value.q3 - value.median for _, value in measured]],
                   label=contestants.title(name), color=contestants.colour(name),
                   linewidth=2.6 if strong else 1.5, zorder=4 if strong else 3, marker="o",
                   linestyle="--" if name.startswith("raw") else "-",
                   markersize=5 if strong else 4, elinewidth=1)


def tick_sparsely(axis, limits):
    """Some ticks in each power of ten inside the limits, as plain numbers."""
    low, high = limits
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1,) if high / low > 100 else (1, 2, 5) if high / low > 10 else (1, 1.5, 2, 3, 5, 7)
    ticks = [step * 10.0 ** exponent for exponent in exponents for step in steps]
    axis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(bars.plain_number))


def scale_lines(panel):
    """From zero, so that distances are honest, unless poll(2) leaves the others far behind."""
    low, high = panel.dataLim.intervaly
    if high < 10 * low:
        panel.set_ylim(0, high * 1.1)
        panel.yaxis.set_major_formatter(FuncFormatter(bars.plain_number))
        return
    panel.set_yscale("log")
    panel.set_ylabel("logarithmic", fontsize=8, color="#555555")
    tick_sparsely(panel.yaxis, panel.get_ylim())


def draw_scaling(results, folder):
    lines = scaling_lines(results)
    if not lines:
        return None
    figure, panels = grid(len(lines), 3.7, 0.75, "Scaling",
                          "Medians and quartiles. Lower is better.")
    plain = FuncFormatter(lambda x, _: "{:,.0f}".format(x))
    for panel, (title, label, points) in zip(panels, lines):
        for name in results.names():
            draw_line(panel, results, name, points)
        panel.set(xscale="log", xlabel=label)
        panel.set_xticks([x for x, _ in points])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_major_formatter(plain)
        scale_lines(panel)
        panel.grid(axis="y", which="major", color="#e5e7eb")
        panel.set_title(title, loc="left")
    panels[0].legend(fontsize=8, frameon=False)
    return save(figure, folder, "scaling")


def draw_all(results: Results, folder):
    """Draws what there are values for. The names of the charts, and notes for the report."""
    # None of an earlier run may lie beside this report.
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if MISSING:
        return [], ["none were drawn, matplotlib cannot be used (%s)" % MISSING]
    with matplotlib.rc_context(SETTINGS):
        drawn = [draw_group(results, key, folder) for key in cases.GROUPS if results.cases(key)]
        drawn += [draw_overview(results, folder), draw_scaling(results, folder)]
    return [name for name in drawn if name], []
