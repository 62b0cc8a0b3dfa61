"""Reads off the output of test programs how many tests passed, failed and were skipped."""

import re

GTEST_CASE = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] \S+.*\(\d+ ms\)$")
CTEST_LINE = re.compile(r"^(\d+): ?(.*)$")
CTEST_VERDICT = re.compile(r"^ *\d+/\d+ Test +#(\d+): \S+ \.*(.*?) +[\d.]+ sec")
PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed|xpassed)\b")
NODE_COUNT = re.compile(r"^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$")
VITEST_COUNT = re.compile(r"^ *Tests:? +(.*\d+ (?:passed|failed|skipped).*)$")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def count(kind, text):
    """(passed, failed, skipped) of one step; kind: gtest (from ctest -V), pytest, node, total."""
    lines = [ESCAPES.sub("", line.rstrip()) for line in text.splitlines()]
    counters = {
        "gtest": count_gtest,
        "pytest": count_pytest,
        "node": count_node,
        "total": count_total,
    }
    return counters[kind](lines)


def count_gtest(lines):
    """A program whose verdict is bad though no case of it failed (a crash, a time-out) counts as
    one failure more; a program that prints no cases counts as one test."""
    cases, verdicts = {}, {}
    for line in lines:
        inner, verdict = CTEST_LINE.match(line), CTEST_VERDICT.match(line)
        if inner:
            case = GTEST_CASE.search(inner[2])
            if case:
                cases.setdefault(inner[1], []).append(case[1])
        elif verdict:
            verdicts[verdict[1]] = verdict[2].strip("* ")
    passed = failed = skipped = 0
    for number, verdict in verdicts.items():
        kinds = cases.get(number, [])
        good, bad, left = (kinds.count(kind) for kind in ("OK", "FAILED", "SKIPPED"))
        if verdict == "Skipped" or "Not Run" in verdict:
            left += 1
        elif verdict != "Passed" and bad == 0:
            bad = 1
        elif verdict == "Passed" and not kinds:
            good = 1
        passed, failed, skipped = passed + good, failed + bad, skipped + left
    return passed, failed, skipped


def count_pytest(lines):
    """The closing line; an expected failure is a pass, an unexpected pass a failure."""
    for line in reversed(lines):
        found = PYTEST_COUNT.findall(line)
        if found and re.search(r"in [\d.]+s", line):
            return total(found)
    return 0, 0, 0


def count_node(lines):
    """The closing lines of node --test, vitest or jest; several runs in one output add up."""
    passed = failed = skipped = 0
    for line in lines:
        node, vitest = NODE_COUNT.match(line), VITEST_COUNT.match(line)
        if node:
            number = int(node[2])
            passed += number if node[1] == "pass" else 0
            failed += number if node[1] in ("fail", "cancelled") else 0
            skipped += number if node[1] in ("skipped", "todo") else 0
        elif vitest:
            more = total(PYTEST_COUNT.findall(vitest[1]))
            passed, failed, skipped = passed + more[0], failed + more[1], skipped + more[2]
    return passed, failed, skipped


def count_total(lines):
    """A last line as ours: "N passed, N failed"."""
    found = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    return (int(found[1]), int(found[2]), 0) if found else (0, 0, 0)


def total(found):
    sums = {}
    for number, word in found:
        sums[word.rstrip("s") if word.startswith("error") else word] = int(number)
    return (
        sums.get("passed", 0) + sums.get("xfailed", 0),
        sums.get("failed", 0) + sums.get("error", 0) + sums.get("xpassed", 0),
        sums.get("skipped", 0),
    )
