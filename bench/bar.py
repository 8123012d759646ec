"""Suite `bar`: one configuration of ema_cross over closed bars, both sides, no costs, exact books.

inner  candles in memory to trades in memory, averages computed inside the time
whole  a process from start to exit: read the candles in the engine's own form, run, write the trade list
Equal trades first: an engine whose trades differ from keel's gets no time.
"""
import csv
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import machine
from contender import Worker, whole_run

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "py"))

from agreement import candles as candles_of  # noqa: E402
from agreement import keel_run  # noqa: E402
from agreement.trades import Trade, differences  # noqa: E402

MINUTE_MS = 60_000
PEERS = ("backtesting.py", "vectorbt")
WALL_CPU_MAX = 0.03  # a compute repetition whose wall and CPU time differ more was disturbed, and is repeated
TRIES = 5


@dataclass(frozen=True)
class Case:
    bars: int
    fast: int
    slow: int

    def name(self):
        return f"{self.bars} bars, ema_cross {self.fast}/{self.slow}"


CASES = {
    "full": [Case(100_000, 12, 26), Case(100_000, 50, 200), Case(1_000_000, 12, 26)],
    "toy": [Case(2_000, 12, 26)],
}


@dataclass
class Setup:
    """Where one case's inputs lie, and how each engine is started on them."""

    case: Case
    folder: Path
    keel: str
    keel_inner: str
    measure: str
    pythons: dict  # peer name -> interpreter of its own environment

    def data(self):
        return self.folder / "candles.npz"

    def keel_whole(self, trades):
        settings = {**keel_run.NOTHING_BUT_THE_SIGNAL, "fast": self.case.fast, "slow": self.case.slow}
        sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        return [self.keel, "backtest", "run", "--store", self.folder / "store", "--venue", "binance-perp",
                "--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1m", "--no-baselines",
                "--starting-balance", 20000000, "--allocation-pct", 0.01, "--maker-fee-bps", 0,
                "--taker-fee-bps", 0, "--slippage-bps", 0,
                "--export-trades", trades, *sets]

    def peer(self, name, *more):
        return [self.pythons[name], ROOT / "bench" / "peer.py", name, self.data(), self.case.fast, self.case.slow,
                *more]


def prepare(setup, seed):
    """Make the candles once for all engines; returns their digest."""
    setup.folder.mkdir(parents=True, exist_ok=True)
    candles = candles_of.walk(setup.case.bars, seed, MINUTE_MS)
    np.savez(setup.data(), ts_ms=candles.ts_ms, volume=candles.volume, interval_ms=candles.interval_ms,
             **candles.px_e8)
    write_columns(candles, setup.folder / "candles.bin")
    csv_file, funding = setup.folder / "candles.csv", setup.folder / "funding.csv"
    candles_of.write_csv(candles, csv_file)
    step = 8 * candles_of.HOUR_MS
    times = range(int(candles.ts_ms[0]) // step * step, int(candles.ts_ms[-1]) + 2 * step, step)
    funding.write_text("ts_ms,rate\n" + "".join(f"{time},0\n" for time in times))
    os.environ["KEEL_BIN"] = str(setup.keel)
    for path, more in ((csv_file, ("--interval", "1m")), (funding, ())):
        keel_run.keel("data", "import", path, "--store", setup.folder / "store", "--venue", "binance-perp", "--symbol",
                      "BTCUSDT", *more)
    return machine.digest(csv_file)


def write_columns(candles, path):
    """What bench/keel_bar reads: rows of ts_ms, open, high, low, close as int64 and volume as double, little endian."""
    rows = np.zeros(len(candles), dtype=[("ts", "<i8"), ("o", "<i8"), ("h", "<i8"), ("l", "<i8"), ("c", "<i8"),
                                         ("v", "<f8")])
    rows["ts"], rows["v"] = candles.ts_ms, candles.volume
    for field, name in zip("ohlc", candles_of.PRICE_COLUMNS):
        rows[field] = candles.px_e8[name]
    rows.tofile(path)


def read_plain(path):
    with open(path, newline="", encoding="ascii") as file:
        return [Trade(*(int(word) for word in row[:5]), at_end=row[5] == "1") for row in csv.reader(file)]


def refuse_unequal(name, trades, reference):
    lines = differences("keel", reference, name, trades)
    if lines:
        raise SystemExit(f"bench: trades differ, so no time is printed: {name}: {lines[0]}")


def undisturbed(measure, plan, strict):
    """One repetition in a quiet second; a disturbed one is repeated."""
    for _ in range(TRIES if plan.needs_quiet else 2):
        share = machine.wait_until_quiet(plan.patience_s) if plan.needs_quiet else machine.busy_share(0.2)
        figures = measure()
        figures["busy_before"] = round(share, 4)
        disturbed = abs(figures["wall_s"] - figures["cpu_s"]) > WALL_CPU_MAX * figures["cpu_s"]
        figures["disturbed"] = bool(strict and disturbed)
        if not figures["disturbed"]:
            return figures
    if plan.needs_quiet:
        raise machine.TooBusy("wall and CPU time kept differing by more than 3 %")
    return figures


def summary(runs, bars):
    walls, cpus = [run["wall_s"] for run in runs], [run["cpu_s"] for run in runs]
    median = statistics.median(walls)
    return {
        "wall_s_median": median, "wall_s_min": min(walls), "wall_s_max": max(walls),
        "cpu_s_median": statistics.median(cpus), "bars_per_s": bars / median, "ns_per_bar": median / bars * 1e9,
        "peak_mib": round(max(run["peak_kib"] for run in runs) / 1024, 1), "repetitions": len(runs), "runs": runs,
    }


def inner(setup, plan, reference):
    workers = [Worker("keel", [setup.keel_inner, setup.folder / "candles.bin", setup.case.fast, setup.case.slow],
                      plan.core)]
    workers += [Worker(name, setup.peer(name), plan.core) for name in plan.peers]
    first, runs = {}, {worker.name: [] for worker in workers}
    for worker in workers:
        first[worker.name] = worker.ask("run")["wall_s"]
        out = setup.folder / f"{worker.name}.inner"
        worker.ask(f"trades {out}")
        refuse_unequal(f"{worker.name} (inner)", read_plain(out), reference)
    for _ in range(plan.repetitions):
        for worker in workers:
            runs[worker.name].append(undisturbed(lambda: worker.ask("run"), plan, strict=True))
    for worker in workers:
        worker.close()
    return {name: {**summary(part, setup.case.bars), "first_call_s": first[name]} for name, part in runs.items()}


def whole(setup, plan):
    keel_trades = setup.folder / "keel.csv"
    commands = {"keel": setup.keel_whole(keel_trades)}
    commands |= {name: setup.peer(name, "--once", setup.folder / f"{name}.whole") for name in plan.peers}
    for argv in commands.values():
        whole_run(setup.measure, argv, plan.core)  # the warm-up: page cache, compiled peers; not counted
    reference = keel_run.read_trades(keel_trades)
    for name in plan.peers:
        refuse_unequal(name, read_plain(setup.folder / f"{name}.whole"), reference)
    runs = {name: [] for name in commands}
    for _ in range(plan.repetitions):
        for name, argv in commands.items():
            runs[name].append(undisturbed(lambda: whole_run(setup.measure, argv, plan.core), plan, strict=False))
    return reference, {name: summary(part, setup.case.bars) for name, part in runs.items()}


def run_case(setup, plan):
    digest = prepare(setup, plan.seed)
    reference, whole_figures = whole(setup, plan)
    inner_figures = inner(setup, plan, reference)
    return {"case": setup.case.name(), "bars": setup.case.bars, "trades": len(reference),
            "trades_per_1000_bars": round(1000 * len(reference) / setup.case.bars, 2), "input_sha256": digest,
            "inner": inner_figures, "whole": whole_figures}


def print_case(result, out=sys.stdout):
    print(f"\n{result['case']}: {result['trades']} trades ({result['trades_per_1000_bars']} per 1,000 bars), "
          "equal in every engine", file=out)
    for part in ("inner", "whole"):
        keel_s = result[part]["keel"]["wall_s_median"]
        print(f"  {part:5} {'engine':<15}{'median s':>11}{'min s':>11}{'max s':>11}{'bars/s':>13}{'ns/bar':>10}"
              f"{'peak MiB':>10}{'x keel':>9}", file=out)
        for name, row in result[part].items():
            print(f"        {name:<15}{row['wall_s_median']:>11.5f}{row['wall_s_min']:>11.5f}{row['wall_s_max']:>11.5f}"
                  f"{row['bars_per_s']:>13,.0f}{row['ns_per_bar']:>10.1f}{row['peak_mib']:>10.1f}"
                  f"{row['wall_s_median'] / keel_s:>9.1f}", file=out)
        if part == "inner":
            calls = ", ".join(f"{name} {row['first_call_s']:.4f} s" for name, row in result[part].items())
            print(f"        first call, compilation included: {calls}", file=out)
