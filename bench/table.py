"""Puts the figures of the records into docs/performance.md, and refuses figures that stand in no record.

usage: table.py --rewrite      renders the parts between `<!-- record: NAME -->` and `<!-- end of record -->`, and every
                               figure of the text that names its source
       table.py --check        says what the page shows otherwise than the records, or without a source

A figure of the text names its source right behind it, as a comment: record, path, and a scale or a second path to
divide by: 9.7<!-- bar.json cases/0/whole/keel/wall_s_median x 1000 --> ms
           12<!-- bar.json cases/4/inner/vectorbt/ns_per_bar : cases/4/inner/keel/ns_per_bar --> times
A limit that someone chose is none: 3<!-- rule --> %.

On the other pages of docs/ times and speeds are looked at in the same way: a second that was measured stands on the page of
performance, a second that is a rule says so. Sizes and shares belong to formats there, and are left alone.
"""
import json
import re
import sys
from pathlib import Path

import bar_goals
import ind
import journal
import sweep_table

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
RECORDS = ROOT / "bench" / "records"
PART = re.compile(r"<!-- record: (?P<name>\S+) -->\n(?P<body>.*?)<!-- end of record -->\n", re.S)
FIGURE = re.compile(r"(?P<figure>\d[\d,]*(?:\.\d+)?)<!-- (?P<record>\S+\.json) (?P<path>[^<>]+?) -->")
RULE = re.compile(r"\d[\d,]*(?:\.\d+)?<!-- rule -->")
UNIT = r"ns|us|µs|ms|s|seconds|MiB|GiB|GB/s|GHz|%|percent|times|x|instructions|bytes|operations|cycles|bars/s"
LOOSE = re.compile(rf"(?<![\w./-])\d[\d,]*(?:\.\d+)?(?:\s+to\s+\d[\d,]*(?:\.\d+)?)?\s(?:{UNIT})(?![\w-])")
TIME = r"ns|us|µs|ms|s|seconds|GB/s|MB/s|(?:GB|MB|MiB) (?:a|per) second|times|cycles|bars/s"
TIMED = re.compile(LOOSE.pattern.replace(UNIT, TIME))


def number(value, digits):
    return f"{value:,.{digits}f}"


# ---- records as tables ----------------------------------------------------------------------------------------------


def head(record):
    machine = record["machine"]
    quiet = ("Every repetition began in a quiet second." if record["quiet"] else
             "**Other work used the machine**: only the ratios mean something, those of CPU time most.")
    return [f"`{record['command']}`, {record['utc']}: {machine['cpu']} ({', '.join(machine['features'])}), "
            f"{machine['cores']} cores, {machine['memory_gib']} GiB, kernel {machine['kernel']}, governor "
            f"{machine['governor']}; {record['repetitions']} repetitions on core {record['pinned_to']}. {quiet}\n",
            f"Build: {record['build'].splitlines()[0]}, flags `{record['flags']}`.\n"]


def case_lines(case):
    levels = f", {case['stopped']:,} at the stop and {case['at_target']:,} at the target" if "stopped" in case else ""
    yield (f"**{case['case']}**: {case['trades']:,} trades ({case['trades_per_1000_bars']} per 1,000 bars){levels}, "
           f"equal in {', '.join(case['engines'])}.\n")
    for name, line in case["differ"].items():
        yield f"No time for {name}: {line}.\n"
    runs = [run for part in ("inner", "given") for row in case.get(part, {}).values() for run in row["runs"]]
    if any("beside" in run for run in runs):
        yield (f"Beside a neighbour on the core all the same: {sum(run['beside'] for run in runs)} of {len(runs)} "
               f"repetitions in memory; wall and CPU time of {sum(run['disturbed'] for run in runs)} differ by more than "
               "allowed.\n")
    yield "| part | engine | median s (min to max) | CPU s | bars/s | ns/bar | peak MiB | time / keel | CPU / keel |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for part in ("inner", "given", "whole"):
        rows = case.get(part, {})
        keel = rows.get("keel")  # a record that has no such row of keel's compares nothing
        for name, row in rows.items():
            spread = f"{row['wall_s_median']:.4f} ({row['wall_s_min']:.4f} to {row['wall_s_max']:.4f})"
            yield (f"| {part} | {name} | {spread} | {row['cpu_s_median']:.4f} | {number(row['bars_per_s'], 0)} | "
                   f"{number(row['ns_per_bar'], 1)} | {row['peak_mib']} | "
                   + (f"{row['wall_s_median'] / keel['wall_s_median']:.2f} | "
                      f"{row['cpu_s_median'] / keel['cpu_s_median']:.2f} |" if keel else "- | - |"))
    yield ""
    if "inner" in case:
        calls = "; ".join(f"{name} {row['first_call_s']:.3f} s" for name, row in case["inner"].items())
        yield f"First inner call, compilation included, not counted above: {calls}.\n"
    if bar_goals.goals_line(case):
        yield f"{bar_goals.goals_line(case)}\n"


def bar_lines(record):
    for name, why in record["not_measured"].items():
        yield f"Not measured: {name}: {why}.\n"
    for case in record["cases"]:
        yield from case_lines(case)


CORE_ROWS = (("single_ns", "a single step, ns"), ("batch_ns", "mean of a batch, ns"),
             ("batch_diag_ns", "the same, every gate and rule written out, ns"))


def core_lines(record):
    core = record["core"]
    yield (f"{core['steps']:,} steps of `{core['strategy']}`: {core['closes']:,} closed bars "
           f"({core['closes_in_market']:,} with a position), {core['fills']:,} fills, {core['trades']:,} trades; "
           f"{core['allocations']} allocations. {core['overhead_ns']:.1f} ns between two timestamps "
           f"({core['timer']}) are taken from each single step, nothing from a batch of "
           f"{core['batch_ns']['steps_each']:,.0f}.\n")
    yield "| | mean | p50 | p95 | p99 | p99.9 | max |"
    yield "|---|---|---|---|---|---|---|"
    for key, name in CORE_ROWS:
        row = core[key]
        yield f"| {name} | " + " | ".join(number(row[column], 1) if column in row else "" for column in
                                          ("mean", "p50", "p95", "p99", "p99.9", "max")) + " |"
    yield f"\nSignals of a bar, by themselves: {core['signals_ns_mean']:.1f} ns, one pair of timestamps included.\n"


def stages_lines(record):
    parts = [part for part in ("in_memory", "whole", "whole, baselines") if part in record]
    for part in parts:
        row = record[part]
        per_bar = f", {number(row['per_bar'], 1)} per bar" if "per_bar" in row else ""
        yield f"- {part.replace('_', ' ')}: {row['case']}: {row['instructions']:,} instructions{per_bar}"
    floor = record["floor"]
    yield (f"- the plain loop of `bench/plain_bar.c`: {floor['case']}: {floor['instructions']:,} instructions, "
           f"{number(floor['per_bar'], 1)} per bar")
    yield "\n| stage | " + " | ".join(part.replace("_", " ") for part in parts) + " |"
    yield "|---|" + "---|" * len(parts)
    names = dict.fromkeys(name for part in parts for name in record[part]["stages"])
    for name in names:
        shares = [record[part]["stages"].get(name, 0) / record[part]["instructions"] for part in parts]
        if max(shares) >= 0.0005:
            yield f"| {name} | " + " | ".join(f"{100 * share:.1f} %" if share >= 0.0005 else "" for share in shares) + " |"
    yield ""


SUITES = {"bar": bar_lines, "core": core_lines, "ind": ind.lines, "stages": stages_lines, "journal": journal.lines,
          "sweep": sweep_table.lines}


def render(record):
    return "\n".join([*head(record), *SUITES[record["suite"]](record)]) + "\n"


# ---- figures of the text --------------------------------------------------------------------------------------------


def load(name):
    return json.loads((RECORDS / name).read_text())


def value_at(record, path):
    at = record
    for key in path.strip().split("/"):
        at = at[int(key)] if isinstance(at, list) else at[key]
    return float(at)


def figure_of(match):
    """The figure that the record gives, with as many decimals as the page shows."""
    record, path = load(match["record"]), match["path"]
    if " : " in path:
        above, below = path.split(" : ")
        value = value_at(record, above) / value_at(record, below)
    else:
        path, _, scale = path.partition(" x ")
        value = value_at(record, path) * float(scale or 1)
    return number(value, len(match["figure"].partition(".")[2]))


def rendered(text):
    def part(match):
        return f"<!-- record: {match['name']} -->\n{render(load(match['name']))}<!-- end of record -->\n"

    def figure(match):
        return f"{figure_of(match)}{match[0][len(match['figure']):]}"

    pieces, last = [], 0
    for match in PART.finditer(text):
        pieces += [FIGURE.sub(figure, text[last:match.start()]), part(match)]
        last = match.end()
    return "".join(pieces) + FIGURE.sub(figure, text[last:])


def problems(text, loose=LOOSE):
    """What a page says that no record says."""
    lines = []
    for match in PART.finditer(text):
        if match[0] != f"<!-- record: {match['name']} -->\n{render(load(match['name']))}<!-- end of record -->\n":
            lines.append(f"the part of {match['name']} is not what the record says: run bench/table.py --rewrite")
    prose = PART.sub("", text)
    for match in FIGURE.finditer(prose):
        try:
            says = figure_of(match)
        except (KeyError, IndexError, ValueError, OSError) as error:
            lines.append(f"{match[0]}: no such figure: {error!r}")
            continue
        if says != match["figure"]:
            lines.append(f"{match['figure']} stands where {match['record']} has {says} ({match['path']})")
    prose = re.sub(r"```.*?```|`[^`]*`", "", RULE.sub("", FIGURE.sub("", prose)), flags=re.S)
    lines += [f"'{match[0]}' names no record: write its source behind it, see bench/table.py"
              for match in loose.finditer(prose)]
    return lines


def pages():
    """Every page for readers besides that of performance, and README.md, ARCHITECTURE.md and their like."""
    return sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
                  if path != PAGE and path.name != "CHANGELOG.md" and path.parent.name != "reference")


def problems_everywhere():
    lines = [f"{PAGE.relative_to(ROOT)}: {line}" for line in problems(PAGE.read_text())]
    return lines + [f"{page.relative_to(ROOT)}: {line}" for page in pages()
                    for line in problems(page.read_text(), TIMED)]


def main(argv):
    if argv == ["--rewrite"]:
        PAGE.write_text(rendered(PAGE.read_text()))
        return 0
    if argv == ["--check"]:
        lines = problems_everywhere()
        print("\n".join(lines) if lines else "every figure of the pages stands in a record")
        return 1 if lines else 0
    sys.stderr.write(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
