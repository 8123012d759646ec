"""Puts the figures of a record into docs/performance.md, between the lines that name the record.

usage: table.py --rewrite      a test checks that the page shows what the records say
"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
PART = re.compile(r"<!-- record: (?P<name>\S+) -->\n(?P<body>.*?)<!-- end of record -->\n", re.S)


def number(value, digits):
    return f"{value:,.{digits}f}"


def case_lines(case):
    yield (f"**{case['case']}**: {case['trades']:,} trades ({case['trades_per_1000_bars']} per 1,000 bars), "
           "equal in every engine.\n")
    yield "| part | engine | median s (min to max) | CPU s | bars/s | ns/bar | peak MiB | time / keel | CPU / keel |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for part in ("inner", "whole"):
        keel = case[part]["keel"]
        for name, row in case[part].items():
            spread = f"{row['wall_s_median']:.4f} ({row['wall_s_min']:.4f} to {row['wall_s_max']:.4f})"
            yield (f"| {part} | {name} | {spread} | {row['cpu_s_median']:.4f} | {number(row['bars_per_s'], 0)} | "
                   f"{number(row['ns_per_bar'], 1)} | {row['peak_mib']} | "
                   f"{row['wall_s_median'] / keel['wall_s_median']:.1f} | "
                   f"{row['cpu_s_median'] / keel['cpu_s_median']:.1f} |")
    calls = "; ".join(f"{name} {row['first_call_s']:.3f} s" for name, row in case["inner"].items())
    yield f"\nFirst inner call, compilation included, not counted above: {calls}.\n"


def render(record):
    machine = record["machine"]
    quiet = ("Every repetition began in a quiet second." if record["quiet"] else
             "**Other work used the machine**: only the ratios mean something, those of CPU time most.")
    lines = [
        f"`{record['command']}`, {record['utc']}: {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, kernel {machine['kernel']}, governor {machine['governor']}; "
        f"{record['repetitions']} repetitions on core "
        f"{record['core']}. {quiet}\n",
        f"Build: {record['build'].splitlines()[0]}, flags `{record['flags']}`.\n",
    ]
    for case in record["cases"]:
        lines += case_lines(case)
    return "\n".join(lines) + "\n"


def rendered(text):
    def fill(match):
        record = json.loads((ROOT / "bench" / "records" / match["name"]).read_text())
        return f"<!-- record: {match['name']} -->\n{render(record)}<!-- end of record -->\n"

    return PART.sub(fill, text)


if __name__ == "__main__":
    if sys.argv[1:] != ["--rewrite"]:
        sys.exit(__doc__)
    PAGE.write_text(rendered(PAGE.read_text()))
