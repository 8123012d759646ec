"""Suite `core`: how long the core takes to decide, with every gate and exit rule of `trend` asked: bench/keel_core.c.

A single step is shorter than the timestamps around it are sure of, so both kinds are given: percentiles of single steps
less the time of two timestamps, and the distribution of means over batches of ten thousand, which nothing is taken from.
"""
import json
import statistics
import subprocess
import sys

import bar
import machine
from agreement import candles as candles_of

INTERVAL_MS = 300_000
START_MS = 1_356_998_400_000
GOAL_P99_NS = 1000.0
SIZES = {"full": (1_000_000, 10_000), "toy": (20_000, 2_000)}


def write_candles(steps, seed, path):
    """One bar more than steps: fills only add events to those of the bars."""
    bar.write_columns(candles_of.walk(steps + 2, seed, INTERVAL_MS, start_ms=START_MS), path)
    return machine.digest(path)


def once(program, candles, steps, batch, core):
    done = subprocess.run(["taskset", "-c", str(core), program, candles, str(steps), str(batch)], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)


def median_of(runs, key):
    """The median over the runs of every figure under key."""
    return {name: statistics.median(run[key][name] for run in runs) for name in runs[0][key]}


def measure(program, folder, plan, size):
    steps, batch = SIZES[size]
    path = folder / "core.bin"
    digest = write_candles(steps, plan.seed, path)
    once(program, path, steps, batch, plan.core)  # the warm-up
    runs = []
    for _ in range(plan.repetitions):
        share = machine.wait_until_quiet(plan.patience_s) if plan.needs_quiet else machine.busy_share(0.2)
        runs.append(once(program, path, steps, batch, plan.core) | {"busy_before": round(share, 4)})
    if len({run["state_hash"] for run in runs}) != 1:
        raise SystemExit("bench: core: the runs do not end in one state: report this as a defect")
    figures = {key: median_of(runs, key) for key in ("single_ns", "batch_ns", "batch_diag_ns")}
    fixed = {key: runs[0][key] for key in ("steps", "timer", "closes", "fills", "trades", "opinions", "held",
                                           "closes_in_market", "allocations", "state_hash")}
    timing = {key: statistics.median(run[key] for run in runs) for key in ("tick_ns", "overhead_ns",
                                                                          "signals_ns_mean")}
    return fixed | timing | figures | {
        "strategy": "trend", "input_sha256": digest, "steps_per_s": 1e9 / figures["batch_ns"]["mean"],
        "goals": {"single_p99_ns": GOAL_P99_NS, "allocations": 0}, "runs": runs,
    }


def faults(core):
    """What is inconsistent in a manifest, or misses its goal. PRF-05."""
    lines = []
    for key in ("single_ns", "batch_ns", "batch_diag_ns"):
        for run in core["runs"]:
            row = run[key]
            order = [row[name] for name in ("min", "p50", "p95", "p99", "p99.9", "max") if name in row]
            if order != sorted(order):
                lines.append(f"{key}: percentiles are not in order: {order}")
            if not order[0] <= row["mean"] <= order[-1] and "min" in row:
                lines.append(f"{key}: the mean {row['mean']} lies outside")
    if core["allocations"] != 0:
        lines.append(f"{core['allocations']} allocations in {core['steps']} steps")
    if core["single_ns"]["p99"] > core["goals"]["single_p99_ns"]:
        lines.append(f"p99 of a step is {core['single_ns']['p99']:.0f} ns, the goal {core['goals']['single_p99_ns']:.0f}")
    return lines


def show(core, out=sys.stdout):
    print(f"\n{core['steps']} steps of {core['strategy']}: {core['closes']} closed bars ({core['closes_in_market']} with a "
          f"position), {core['fills']} fills, {core['trades']} trades; {core['allocations']} allocations", file=out)
    print(f"  {core['timer']}: {core['overhead_ns']:.1f} ns between two timestamps are taken from each single step",
          file=out)
    for key in ("single_ns", "batch_ns", "batch_diag_ns"):
        row = core[key]
        words = "  ".join(f"{name} {row[name]:.1f}" for name in ("mean", "p50", "p95", "p99", "p99.9") if name in row)
        print(f"  {key:<14} {words}", file=out)
    for line in faults(core):
        print(f"  MISSED: {line}", file=out)
