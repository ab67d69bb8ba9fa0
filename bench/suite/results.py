"""Figures out of the samples: all that report, charts and marks show is computed here."""
import cases
import contestants
import stats


class Results:
    """samples.json, as it is read and written, with its figures."""

    def __init__(self, data):
        self.data = data
        self.samples = {case: rounds for case, rounds in data["samples"].items()
                        if case in cases.CASES}

    def names(self):
        """The contestants that have a value anywhere."""
        return contestants.in_order({name for rounds in self.samples.values()
                                     for name, values in rounds.items() if any_of(values)})

    def values(self, case, name):
        return self.samples.get(case, {}).get(name, [])

    def summary(self, case, name):
        return stats.summarise(self.values(case, name))

    def ratio(self, case, name, base=contestants.BASE):
        return stats.summarise(stats.ratios(self.values(case, name), self.values(case, base)))

    def difference(self, case, name, base=contestants.BASE):
        return stats.summarise(stats.differences(self.values(case, name), self.values(case, base)))

    def cases(self, group):
        """The cases of a group of which there is any value."""
        measured = {case for case, rounds in self.samples.items()
                    if any(any_of(values) for values in rounds.values())}
        return cases.in_group(group, measured)

    def rows(self):
        """report.json: one entry per case and contestant."""
        return [self.row(case, name) for case in cases.CASES.values()
                for name in self.names() if self.summary(case.id, name)]

    def row(self, case, name):
        value, ratio = self.summary(case.id, name), self.ratio(case.id, name)
        row = {"case": case.id, "contestant": name, "unit": case.unit}
        row.update(zip(("median", "q1", "q3"), rounded(value)))
        row.update(zip(("ratio_to_raw", "ratio_q1", "ratio_q3"), rounded(ratio)))
        row["rounds"] = value.rounds
        return row


def rounded(summary):
    """Median and quartiles with the digits that mean something; None where there are none."""
    if summary is None:
        return [None] * 3
    return [float("%.6g" % number) for number in summary[:3]]


def any_of(values):
    return any(value is not None for value in values)
