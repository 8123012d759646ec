"""Suite `ind`: indicators over arrays, keel beside TA-Lib and Tulip, one thread. See ind_worker.py for what is timed."""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"full": [32_768, 1_000_000], "toy": [4_096]}
PEERS = ("TA-Lib", "Tulip")
STREAMING = "trading-signals"  # its place is a folder of npm, not an interpreter
STREAMED = ("keel", "keel, inlined")  # whose ratios are shown; the first one's are the goals'
GOALS = {"each": 0.97, "geometric_mean": 1.25, "many_lengths": 8.0, "streaming_each": 5.0,
         "streaming_mean": 20.0}  # 0.97: at least as fast, with 3 % noise


# Results of megabytes are allocated in each call: without this, glibc gives them back to the kernel in between, and what is
# timed is mostly the kernel clearing pages; and large pages lie under all of them, as numpy asks for its own arrays only.
# It holds for all contenders. The first figure is the largest that glibc takes.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": "4000000000",
               "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def measure(library, python, folder, plan, size):
    words = [python, ROOT / "bench" / "ind_worker.py", Path(library).resolve(), plan.repetitions, plan.seed,
             ",".join(map(str, SIZES[size])), ",".join(plan.peers) or "none", int(plan.needs_quiet),
             plan.patience_s, folder or "none"]
    done = subprocess.run(["taskset", "-c", str(plan.core), *map(str, words)], capture_output=True, text=True,
                          env={**os.environ, **KEEP_MEMORY})
    if done.returncode == 3:
        raise machine.TooBusy(done.stderr.strip())
    if done.returncode != 0:
        raise SystemExit(f"bench: ind_worker: {done.stderr.strip()[-2000:]}")
    figures = json.loads(done.stdout)
    figures["geometric_mean"] = {
        str(bars): statistics.geometric_mean(ratios) for bars in SIZES[size]
        if (ratios := [row["best_peer_to_keel"] for row in figures["one_series"]
                       if row["bars"] == bars and row["best_peer_to_keel"]])}
    return figures | {"goals": GOALS}


def stream_ratio(row, who):
    """How many times the peer's time keel's step takes less; None where the peer was not timed."""
    times = row["ns_per_update"]
    return times[STREAMING]["ns_median"] / times[who]["ns_median"] if STREAMING in times else None


def stream_mean(rows, who):
    ratios = [found for row in rows if (found := stream_ratio(row, who))]
    return statistics.geometric_mean(ratios) if ratios else None


def missed(figures):
    """Which goals do not hold in this record."""
    lines = [f"{row['indicator']}, {row['bars']} bars: {row['best_peer_to_keel']:.2f} times the best peer"
             for row in figures["one_series"] if row["best_peer_to_keel"] and row["best_peer_to_keel"] < GOALS["each"]]
    lines += [f"geometric mean at {bars} bars: {mean:.2f}" for bars, mean in figures["geometric_mean"].items()
              if mean < GOALS["geometric_mean"]]
    lines += [f"{row['indicator']}, {row['lengths']} lengths: {row['talib_to_keel']:.1f} times TA-Lib"
              for row in figures["many_lengths"] if row["talib_to_keel"] and row["talib_to_keel"] < GOALS["many_lengths"]]
    lines += [f"{row['indicator']}, streaming: {ratio:.1f} times {STREAMING}" for row in figures["streaming"]
              if (ratio := stream_ratio(row, "keel")) and ratio < GOALS["streaming_each"]]
    mean = stream_mean(figures["streaming"], "keel")
    return lines + ([f"geometric mean of streaming: {mean:.1f}"] if mean and mean < GOALS["streaming_mean"] else [])


def lines(figures):
    """The record as text; table.py puts the same lines on the page."""
    def cell(row, name):
        return f"{row[name]['ns_median']:.2f}" if name in row else "-"

    yield (f"Level {figures['level']}. ns of processor time per bar, medians; the values agree within {figures['tolerance']:g} relative after "
           f"{figures['settled_bars']:,} bars, by when every way to start an average is forgotten.\n")
    if "rounds" in figures:
        yield f"Beside a neighbour on the core all the same: {figures['rounds_beside']:,} of {figures['rounds']:,} rounds.\n"
    yield "| indicator | bars | keel | TA-Lib | Tulip | best peer / keel | largest difference |"
    yield "|---|---|---|---|---|---|---|"
    for row in figures["one_series"]:
        ratio = f"{row['best_peer_to_keel']:.2f}" if row["best_peer_to_keel"] else "-"
        worst = max((d for peer, d in row["difference"].items() if peer in row["ns_per_bar"]), default=0.0)
        yield (f"| {row['indicator']} | {row['bars']:,} | {cell(row['ns_per_bar'], 'keel')} | "
               f"{cell(row['ns_per_bar'], 'TA-Lib')} | {cell(row['ns_per_bar'], 'Tulip')} | {ratio} | {worst:.0e} |")
    for bars, mean in figures["geometric_mean"].items():
        yield f"| geometric mean | {int(bars):,} | | | | {mean:.2f} | |"
    yield "\nSeveral lengths of one indicator over the same bars, ns per output:\n"
    yield "| indicator | lengths | form | keel | TA-Lib | TA-Lib / keel |"
    yield "|---|---|---|---|---|---|"
    for row in figures["many_lengths"]:
        ratio = f"{row['talib_to_keel']:.1f}" if row["talib_to_keel"] else "-"
        yield (f"| {row['indicator']} | {row['lengths']} | {row['form']} | {cell(row['ns_per_output'], 'keel')} | "
               f"{cell(row['ns_per_output'], 'TA-Lib')} | {ratio} |")
    yield f"\nOne value at a time, ns per update, keel's equal to its columns bit for bit ({figures['streaming'][0]['bars']:,} bars):\n"
    yield f"| indicator | keel | keel, inlined | keel, in a set | {STREAMING} | {STREAMING} / keel | / keel inlined | largest difference |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in figures["streaming"]:
        ratios = [stream_ratio(row, who) for who in STREAMED]
        apart = f"{row['difference'][STREAMING]:.0e}" if row["difference"] else "-"
        yield (f"| {row['indicator']} | {cell(row['ns_per_update'], 'keel')} | {cell(row['ns_per_update'], 'keel, inlined')} | "
               f"{cell(row['ns_per_update'], 'keel, in a set')} | "
               f"{cell(row['ns_per_update'], STREAMING)} | "
               f"{' | '.join(f'{ratio:.1f}' if ratio else '-' for ratio in ratios)} | {apart} |")
    means = [stream_mean(figures["streaming"], who) for who in STREAMED]
    if means[0]:
        yield f"| geometric mean | | | | | {means[0]:.1f} | {means[1]:.1f} | |"
    names = list(figures["levels"][0]["ns_per_bar"])
    yield "\nThe same columns at every level that the machine runs, ns per bar:\n"
    yield f"| indicator | {' | '.join(names)} |"
    yield "|---|" + "---|" * len(names)
    for row in figures["levels"]:
        yield f"| {row['indicator']} | {' | '.join(cell(row['ns_per_bar'], name) for name in names)} |"
    short = missed(figures)
    yield "\n" + ("Goals missed: " + "; ".join(short) + "." if short else "All goals hold.") + "\n"


def show(figures, out=sys.stdout):
    print("\n".join(lines(figures)), file=out)
