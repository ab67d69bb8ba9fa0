"""Numbers with as many digits as they deserve."""


def value(number, unit):
    """A measured value. Bytes are exact; of others three to four digits mean something."""
    if unit == "bytes" and number == int(number):
        return "{:,.0f}".format(number)
    if abs(number) >= 10000:
        step = 10 ** (len("%d" % abs(number)) - 4)
        number = round(number / step) * step
    if abs(number) >= 100:
        return "{:,.0f}".format(number)
    return ("%.1f" if abs(number) >= 10 else "%.2f") % number


def ratio(number):
    """Two per cent matter near 1; far away they do not."""
    if abs(number) >= 100:
        return "{:,.0f}".format(number)
    if abs(number) >= 10:
        return "%.1f" % number
    return ("%.2f" if abs(number) >= 2 else "%.3f") % number
