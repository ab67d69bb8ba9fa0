#!/usr/bin/env python3
"""Checks that every error code that a contract of mio.h names is provoked by some test.

    contract_codes.py HEADER TABLE SWEEP [CONFORMANCE]

The table has a line for each function group and code, "function CODE where", in which the function
is the first one of the group and where is one of
    sweep               the fault sweep provokes it (SWEEP --codes)
    SUITE.CASE          a case of the conformance program does
    FILE CASE           another file of tests/ has a case of that name
    never, because ...  no test can
Codes are those of the paragraphs "Returns" and "Errors". Ends with 1 when a line is missing, is not
needed any more, or names what does not exist.
"""
import os
import re
import subprocess
import sys

# Its codes are arguments.
WITHOUT_CODES = ("mio_accept_should_continue", "mio_drained", "mio_ready_after")
COMMENT_AND_CODE = re.compile(r"/\*(.*?)\*/([^/]*)", re.DOTALL)
FUNCTION = re.compile(r"\bMIO_API[^;(]*?\b(mio_\w+)\(")
PARAGRAPH = re.compile(r"^ \* (Returns|Errors)\b")
NEXT_PARAGRAPH = re.compile(r"^ \* (?:[A-Z]\w+\b|$)|^ \*$")
CODE = re.compile(r"-(E[A-Z0-9]+)\b")


def paragraphs(comment):
    """The text of the paragraphs that name codes."""
    inside = False
    text = []
    for line in comment.split("\n"):
        if PARAGRAPH.match(line):
            inside = True
        elif NEXT_PARAGRAPH.match(line):
            inside = False
        if inside:
            text.append(line.split("Threads  ")[0])
    return "\n".join(text)


def groups_of(header):
    """For each first function of a contract: the functions of the group, and the codes."""
    groups = {}
    for comment, code in COMMENT_AND_CODE.findall(header):
        functions = FUNCTION.findall(code)
        codes = sorted(set(CODE.findall(paragraphs(comment))))
        if functions and codes and functions[0] not in WITHOUT_CODES:
            groups[functions[0]] = (functions, codes)
    return groups


def lines_of(command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True,
                          universal_newlines=True).stdout.splitlines()


def main():
    header, table, sweep = sys.argv[1:4]
    with open(header, encoding="utf-8") as file:
        groups = groups_of(file.read())
    swept = {tuple(line.split()) for line in lines_of([sweep, "--codes"])}
    cases = set()
    if len(sys.argv) > 4:
        cases = {line[2:] for line in lines_of([sys.argv[4], "--list"])}
    tests = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    wanted = {(name, code) for name, (_, codes) in groups.items() for code in codes}
    found = set()
    wrong = []
    with open(table, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            name, code, where = line.split(None, 2)
            where = where.strip()
            found.add((name, code))
            if (name, code) not in wanted:
                wrong.append("line %d: no contract of %s names %s" % (number, name, code))
            elif where == "sweep":
                if not any((function, code) in swept for function in groups[name][0]):
                    wrong.append("line %d: the sweep does not provoke it" % number)
            elif "/" in where:
                path, case = where.split()
                path = os.path.join(tests, path)
                if not os.path.exists(path) or case not in open(path, encoding="utf-8").read():
                    wrong.append("line %d: there is no %s" % (number, where))
            elif not where.startswith("never, because ") and where not in cases:
                wrong.append("line %d: there is no case %s" % (number, where))
    wrong += ["%s %s: not in the table" % pair for pair in sorted(wanted - found)]
    print("\n".join(wrong + ["%d codes of %d contracts, %d wrong" %
                             (len(wanted), len(groups), len(wrong))]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
