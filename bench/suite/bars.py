"""One panel of a chart: a horizontal bar per contestant."""
import math

from matplotlib.ticker import FuncFormatter, MaxNLocator

import contestants
import numbers_text

CUT_FACTOR = 1.4 # a bar of poll(2) that is cut ends so far beyond the longest of the others


def plain_number(number, _position=None):
    return "{:,.0f}".format(number) if number >= 100 else "%g" % number


def cut_at(present):
    """Where bars are cut, if at all: poll(2) looks at every source at each turn, and would alone
    make all other bars too short to compare."""
    others = [value.median for name, value in present.items() if name != "mio-poll"]
    longest_other = max(others or [0])
    if max(value.median for value in present.values()) > 4 * longest_other > 0:
        return longest_other * CUT_FACTOR
    return None


def label_of(results, case, name, absolute):
    """The ratio, or the value where that is what is shown, or what a ratio is to."""
    text = numbers_text.value(results.summary(case.id, name).median, case.unit)
    ratio = results.ratio(case.id, name)
    if absolute or ratio is None:
        return text
    if name != contestants.BASE:
        return numbers_text.ratio(ratio.median)
    return "1: " + text + ("" if case.unit == "instructions" else " " + case.unit)


def draw(panel, results, case, names, absolute=False, title=None):
    """absolute: bars of values, not of ratios. All begin at 0, so that lengths compare."""
    shown = {name: results.summary(case.id, name) if absolute else results.ratio(case.id, name)
             for name in names}
    present = {name: value for name, value in shown.items() if value}
    panel.set_title(title or case.title, loc="left")
    if not present:
        return
    cut = cut_at(present)
    for row, name in enumerate(names):
        if name in present:
            draw_bar(panel, row, name, present[name], cut, label_of(results, case, name, absolute))
        else:
            panel.annotate("-", (0.02, row), xycoords=("axes fraction", "data"),
                           va="center", color="#999999", fontsize=8)
    name_rows(panel, names)
    finish_axis(panel, case, present.values(), cut, absolute)


def draw_bar(panel, row, name, value, cut, label):
    end, is_cut = value.median, cut is not None and value.median > cut
    whisker = [[value.median - value.q1], [value.q3 - value.median]]
    if is_cut:
        end = cut
    panel.barh(row, end, height=0.72, color=contestants.colour(name), zorder=2)
    if is_cut:
        panel.plot([end * 0.9], [row], marker=(2, 0, -25), markersize=17, color="white", zorder=3,
                   markeredgewidth=3)
    elif value.rounds > 1:
        panel.errorbar(value.median, row, xerr=whisker, ecolor="#222222", elinewidth=1,
                       zorder=4, fmt="none")
    at = end if is_cut else max(value.median, value.q3)
    panel.annotate(label, (at, row), xytext=(5, 0), textcoords="offset points",
                   va="center", fontsize=8, zorder=5,
                   bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
                   fontweight="bold" if name == "mio" else "normal")


def name_rows(panel, names):
    panel.set_yticks(range(len(names)))
    panel.set_yticklabels([contestants.title(name) for name in names])
    for tick, name in zip(panel.get_yticklabels(), names):
        tick.set_fontweight("bold" if name == "mio" else "normal")
    panel.set_ylim(len(names) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)


def finish_axis(panel, case, values, cut, absolute):
    """To the right of the bars there is room for the labels."""
    longest = min(max(max(value.median, value.q3) for value in values), cut or math.inf)
    panel.set_xlim(0, (longest or 1) * (1.35 if absolute else 1.45))
    panel.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    panel.xaxis.set_major_formatter(FuncFormatter(plain_number))
    if not absolute:
        panel.axvline(1, color="#374151", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    panel.set_xlabel("%s: %s is better" % (
        case.unit if absolute else "ratio to " + contestants.title(contestants.BASE),
        "higher" if case.higher_is_better else "lower"), fontsize=8, color="#555555")
