"""Medians, quartiles, and ratios of values that were taken in the same round."""
from typing import NamedTuple


class Summary(NamedTuple):
    median: float
    q1: float
    q3: float
    rounds: int


def quantile(ordered, share):
    """The value below which this share of the sorted values lies, interpolated between two."""
    position = (len(ordered) - 1) * share
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def summarise(values):
    """Median and quartiles of the values that there are; None when there are none."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    return Summary(quantile(ordered, 0.5), quantile(ordered, 0.25), quantile(ordered, 0.75),
                   len(ordered))


def pairs(values, base):
    """The rounds in which both have a value. A round disturbs both alike, so only these compare."""
    return [(value, other) for value, other in zip(values, base)
            if value is not None and other is not None]


def ratios(values, base):
    """Value by value of the base in the same round."""
    return [value / other for value, other in pairs(values, base) if other != 0]


def differences(values, base):
    """Value minus value of the base in the same round."""
    return [value - other for value, other in pairs(values, base)]
