"""Suite `stages`: where a run spends its instructions: bench/keel_bar.c (candles in memory to trades) and the whole
program, counted by callgrind. Instructions do not depend on the machine's load, and hardly on the machine.
"""
import re
import subprocess
import sys
from pathlib import Path

import bar
from agreement import candles as candles_of
from case import MINUTE_MS, Case

YEAR = Case(8_760, 12, 26, False, 5.0, interval_ms=60 * MINUTE_MS)
IN_MEMORY = {"full": (100_000, 200_000), "toy": (2_000, 4_000)}
ROW = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+(\S+?):(.+)$")
TOTAL = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+PROGRAM TOTALS")

# (stage, what a source file or a library of it looks like), first hit counts
STAGES = (
    ("signals", r"pure/core/signal/"),
    ("strategy, gates", r"pure/core/strategy/|pure/core/decide\.c"),
    ("exits", r"pure/core/exit/"),
    ("sizing, cooldowns", r"pure/core/risk/"),
    ("books", r"pure/core/(ledger/|bookkeeping\.c)"),
    ("step, state", r"pure/core/(step|state|quiet)\.c"),
    ("market", r"pure/market/"),
    ("lane", r"pure/lane/"),
    ("numbers, hash", r"pure/num/|pure/model/"),
    ("bench's own", r"bench/"),
    ("SHA-256", r"libcrypto"),
    ("store (SQLite)", r"libsqlite3"),
    ("data: load, check", r"src/edge/data/"),
    ("configuration, JSON, text", r"src/base/|libyaml|libyajl"),
    ("report", r"src/stats/|src/ops/|src/app/"),
    ("dynamic linker", r"ld-linux|elf/|dl-"),
    ("C library", r"libc\.so|libm\.so|malloc|string/|stdio|\./"),
)


def callgrind(argv, out):
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *map(str, argv)],
                   stdin=subprocess.DEVNULL, capture_output=True, check=True)


def annotate(out):
    """({file or library: instructions}, their sum)."""
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", str(out)], capture_output=True,
                          text=True, check=True).stdout
    files, total = {}, 0
    for line in text.splitlines():
        match = TOTAL.match(line)
        if match:
            total = int(match[1].replace(",", ""))
            continue
        match = ROW.match(line)
        if not match:
            continue
        library = re.search(r"\[(\S+)\]\s*$", match[3])
        where = match[2] if match[2] != "???" else (library[1] if library else "???")
        files[where] = files.get(where, 0) + int(match[1].replace(",", ""))
    return files, total


def by_stage(files):
    stages = {}
    for where, count in files.items():
        name = next((name for name, pattern in STAGES if re.search(pattern, where)), "other")
        stages[name] = stages.get(name, 0) + count
    return dict(sorted(stages.items(), key=lambda item: -item[1]))


def in_memory(program, candles, case, folder):
    """Instructions of one run in memory, reading the candles left out by running once and three times."""
    def count(runs):
        out = folder / f"inner.{runs}"
        process = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, candles, *case.words()]
        subprocess.run([*map(str, process)], input="run 1\n" * runs, capture_output=True, text=True, check=True)
        files, total = annotate(out)
        return by_stage(files), total

    (once, once_total), (more, more_total) = count(1), count(2)
    return {name: more[name] - once.get(name, 0) for name in more}, more_total - once_total


# Bytes of candles that a bar reads: four prices and the volume; the plain loop reads the close and notes a crossing.
BYTES_PER_BAR = {"keel": 40, "plain": 9}


def measure(keel, inner, plain, folder, plan, size):
    bars = IN_MEMORY[size][0]
    case = Case(bars, 12, 26, False, 5.0)
    candles = folder / "candles.bin"
    bar.write_columns(candles_of.walk(bars, plan.seed, MINUTE_MS), candles)
    stages, total = in_memory(inner, candles, case, folder)
    floor_total = in_memory(plain, candles, case, folder)[1]
    year = bar.Setup(YEAR, folder / "year", keel, inner, None, None, {})
    bar.prepare(year, plan.seed)
    whole = {}
    for name, more in (("whole", ("--no-baselines",)), ("whole, baselines", ())):
        argv = year.keel_whole(folder / "trades.csv", *more)
        subprocess.run([*map(str, argv)], capture_output=True, check=True)  # the cache of the store
        callgrind(argv, folder / "whole")
        files, whole_total = annotate(folder / "whole")
        whole[name] = {"case": YEAR.name(), "instructions": whole_total, "stages": by_stage(files)}
    return {"in_memory": {"case": case.name(), "bars": bars, "instructions": total,
                          "per_bar": round(total / bars, 2), "stages": stages}, **whole,
            "floor": {"case": case.name(), "instructions": floor_total, "per_bar": round(floor_total / bars, 2),
                      "bytes_per_bar": BYTES_PER_BAR}}


def show(figures, out=sys.stdout):
    for part, row in figures.items():
        print(f"\n{part}: {row['case']}: {row['instructions']:,} instructions"
              + (f", {row['per_bar']} per bar" if "per_bar" in row else ""), file=out)
        for name, count in row.get("stages", {}).items():
            if count > 0:
                print(f"  {100 * count / row['instructions']:5.1f} %  {name}", file=out)
