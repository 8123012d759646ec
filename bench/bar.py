"""Suite `bar`: one configuration of ema_cross over closed bars, with or without a stop and a target, exact books.

inner  candles in memory to trades in memory, averages computed inside the time
given  the same with the averages and their crossings made before the time begins, where an engine can take them
whole  a process from start to exit: read the candles in the engine's own form, run, write the trade list
Equal trades and honest books first: an engine that trades or accounts otherwise gets no time but a line that says how.
"""
import csv
import functools
import math
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import engines
import machine
from bar_goals import FLOOR, GOALS, goals_line
from case import CASES  # noqa: F401
from contender import Worker, whole_run

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "py"))

from agreement import candles as candles_of  # noqa: E402
from agreement import keel_run  # noqa: E402
from agreement.trades import Trade, differences  # noqa: E402

WALL_CPU_MAX = 0.03  # a compute repetition whose wall and CPU time differ more was disturbed, and is repeated
TRIES, TRIES_S = 12, 10  # to find one that was not, and has no neighbour on the core: so many, at least 3, so long
SPAN_S, TIMES_MAX = 0.1, 200  # a shorter run is repeated back to back: clocks and interrupts blur a single one
EQUITY_MAX = 1e-9  # of all that was traded: doubles that add tens of thousands of terms differ in the last digits


@dataclass
class Setup:
    """Where one case's inputs lie, and how each engine is started on them."""

    case: object
    folder: Path
    keel: str
    keel_inner: str
    plain: str  # the floor, or None
    measure: str
    pythons: dict  # peer name -> interpreter of its own environment

    def data(self):
        return self.folder / "candles.npz"

    def keel_whole(self, trades, *more):
        case = self.case
        settings = {**keel_run.NOTHING_BUT_THE_SIGNAL, "fast": case.fast, "slow": case.slow,
                    "allow_short": int(case.shorts), "sl_pct": case.stop, "tp_pct": case.target}
        sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        return [self.keel, "backtest", "run", "--store", self.folder / "store", "--venue", "binance-perp",
                "--strategy", "ema_cross", "--symbols", "BTCUSDT", "--timeframe", case.timeframe(),
                "--starting-balance", 20000000, "--allocation-pct", 0.01, "--maker-fee-bps", case.fee_bps,
                "--taker-fee-bps", case.fee_bps, "--slippage-bps", 0, "--export-trades", trades, *more, *sets]

    def peer(self, name, *more):
        return [self.pythons[name], ROOT / "bench" / "peer.py", name, self.data(), *self.case.words(), *more]


def prepare(setup, seed):
    """Make the candles once for all engines; returns their digest."""
    case = setup.case
    setup.folder.mkdir(parents=True, exist_ok=True)
    candles = candles_of.walk(case.bars, seed, case.interval_ms, start_ms=case.start_ms)
    np.savez(setup.data(), ts_ms=candles.ts_ms, volume=candles.volume, interval_ms=candles.interval_ms,
             **candles.px_e8)
    write_columns(candles, setup.folder / "candles.bin")
    csv_file, funding = setup.folder / "candles.csv", setup.folder / "funding.csv"
    candles_of.write_csv(candles, csv_file)
    step = 8 * candles_of.HOUR_MS
    times = range(int(candles.ts_ms[0]) // step * step, int(candles.ts_ms[-1]) + 2 * step, step)
    funding.write_text("ts_ms,rate\n" + "".join(f"{time},0\n" for time in times))
    os.environ["KEEL_BIN"] = str(setup.keel)
    for path, more in ((csv_file, ("--interval", case.timeframe())), (funding, ())):
        keel_run.keel("data", "import", path, "--store", setup.folder / "store", "--venue", "binance-perp", "--symbol",
                      "BTCUSDT", *more)
    digest = machine.digest(csv_file)
    csv_file.unlink()
    return digest


def write_columns(candles, path):
    """What bench/keel_bar reads: rows of ts_ms, open, high, low, close as int64 and volume as double, little endian."""
    rows = np.zeros(len(candles), dtype=[("ts", "<i8"), ("o", "<i8"), ("h", "<i8"), ("l", "<i8"), ("c", "<i8"),
                                         ("v", "<f8")])
    rows["ts"], rows["v"] = candles.ts_ms, candles.volume
    for field, name in zip("ohlc", candles_of.PRICE_COLUMNS):
        rows[field] = candles.px_e8[name]
    rows.tofile(path)


def read_plain(path):
    """Trades and their quantities as every engine writes them."""
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.reader(file))
    return ([Trade(*(int(word) for word in row[:5]), at_end=row[5] == "1") for row in rows],
            [float(row[6]) for row in rows])


# ---- equal first ----------------------------------------------------------------------------------------------------


def expected_equity(said, trades, quantities, fee_bps):
    """(equity, traded value) that the trades come to with these fees, the open position as the engine treats it."""
    equity, traded, fee = said["start_equity"], 0.0, fee_bps / 1e4
    for trade, quantity in zip(trades, quantities):
        entry, leave = trade.entry_px_e8 / 1e8 * quantity, trade.exit_px_e8 / 1e8 * quantity
        traded += entry + leave
        equity -= entry * fee
        if trade.at_end and said["at_end"] == "left out":
            continue
        equity += trade.side * (leave - entry) - (0.0 if trade.at_end and said["at_end"] == "valued" else leave * fee)
    return equity, traded


def disagreement(name, said, path, reference, fee_bps):
    """What differs from keel's trades, or from the engine's own trades in its account; None when nothing does."""
    if said["listed"]:
        trades, quantities = read_plain(path)
        lines = differences("keel", reference, name, trades)
        if lines:
            return lines[0]
    else:
        closed = [trade for trade in reference if not (trade.at_end and said["at_end"] == "left out")]
        trades, quantities = reference, [1.0] * len(reference)
        if said["trades"] != len(closed):
            return f"keel has {len(closed)} closed trades, {name} has {said['trades']}"
    equity, traded = expected_equity(said, trades, quantities, fee_bps)
    if abs(equity - said["final_equity"]) > EQUITY_MAX * (traded + said["start_equity"]):
        return f"{name} ends with {said['final_equity']:.8f}, its trades come to {equity:.8f}"
    return None


# ---- repetitions ----------------------------------------------------------------------------------------------------


@functools.cache
def watched(core):
    return machine.Core(core)


def undisturbed(measure, plan, strict):
    """One repetition in a quiet second. A strict one is in memory: there a processor that was lent to others and a
    neighbour who shares the core's units disturb as well. Such a one is repeated, and the least disturbed one counts at
    last, which says what it was: a long repetition on a lent machine may never be alone."""
    alone = watched(plan.core) if strict and plan.needs_quiet else None
    tried, start = [], time.monotonic()
    for attempt in range(TRIES if plan.needs_quiet else 2):
        if attempt >= 3 and time.monotonic() - start > TRIES_S:
            break
        share = machine.wait_until_quiet(plan.patience_s) if plan.needs_quiet else machine.busy_share(0.2)
        beside = alone is not None and alone.shared()
        figures = measure()
        figures["busy_before"] = round(share, 4)
        apart = abs(figures["wall_s"] - figures["cpu_s"]) / figures["cpu_s"]
        figures["disturbed"] = bool(strict and apart > WALL_CPU_MAX)
        figures["beside"] = bool(alone is not None and (beside or alone.shared()))
        tried.append((figures["disturbed"], figures["beside"], apart, attempt, figures))
        if not figures["disturbed"] and not figures["beside"]:
            break
    return min(tried)[-1]


def summary(runs, bars):
    walls, cpus = [run["wall_s"] for run in runs], [run["cpu_s"] for run in runs]
    median = statistics.median(walls)
    return {
        "wall_s_median": median, "wall_s_min": min(walls), "wall_s_max": max(walls),
        "cpu_s_median": statistics.median(cpus), "bars_per_s": bars / median, "ns_per_bar": median / bars * 1e9,
        "peak_mib": round(max(run["peak_kib"] for run in runs) / 1024, 1), "repetitions": len(runs), "runs": runs,
    }


def alternate(setup, plan, measures, strict):
    """Every measure once per round, so that what disturbs the machine disturbs all of them alike."""
    runs = {name: [] for name in measures}
    for _ in range(plan.repetitions):
        for name, measure in measures.items():
            runs[name].append(undisturbed(measure, plan, strict))
    return {name: summary(part, setup.case.bars) for name, part in runs.items()}


def start(setup, plan, peers, reference, differ):
    """Workers whose first run gave keel's trades; what the others do otherwise goes to differ."""
    ours = {"keel": setup.keel_inner} | ({FLOOR: setup.plain} if setup.plain else {})
    workers = [Worker(name, [program, setup.folder / "candles.bin", *setup.case.words()], plan.core)
               for name, program in ours.items()]
    workers += [Worker(name, setup.peer(name), plan.core) for name in peers]
    equal, first = {}, {}
    for worker in workers:
        first[worker.name] = worker.ask("run 1")["wall_s"]
        out = setup.folder / f"{worker.name}.inner"
        said = worker.ask(f"trades {out}")
        line = disagreement(worker.name, said, out, reference, setup.case.fee_bps)
        if line and worker.name in ours:
            raise SystemExit(f"bench: {worker.name} in memory differs from keel's program: {line}")
        if line:
            differ[worker.name] = line
            worker.close()
        else:
            equal[worker.name] = worker
    return equal, first


def in_a_row(worker, command):
    """How often a run is repeated within one repetition. What is asked here warms up and does not count."""
    return max(1, min(TIMES_MAX, math.ceil(SPAN_S / worker.ask(f"{command} 1")["wall_s"])))


def check_given(setup, worker, reference):
    """What a program of ours makes of signals that were made ahead: the same trades, or nothing is measured."""
    worker.ask("run-given 1")
    out = setup.folder / f"{worker.name}.given"
    line = disagreement(worker.name, worker.ask(f"trades {out}"), out, reference, setup.case.fee_bps)
    if line:
        raise SystemExit(f"bench: {worker.name} with signals given differs from keel's program: {line}")


def in_memory(setup, plan, peers, reference, differ):
    """Parts inner and given."""
    workers, first = start(setup, plan, peers, reference, differ)
    parts = {}

    def asks(command, some):
        times = {name: in_a_row(worker, command) for name, worker in some.items()}
        return {name: lambda w=worker, n=times[name]: w.ask(f"{command} {n}") for name, worker in some.items()}

    if "inner" in setup.case.parts:
        parts["inner"] = alternate(setup, plan, asks("run", workers), strict=True)
        for name, row in parts["inner"].items():
            row["first_call_s"] = first[name]
    if "given" in setup.case.parts:
        can = {name: worker for name, worker in workers.items() if name in plan.given or name in ("keel", FLOOR)}
        for name in ("keel", FLOOR):
            if name in can:
                check_given(setup, can[name], reference)
        parts["given"] = alternate(setup, plan, asks("run-given", can), strict=True)
    for worker in workers.values():
        worker.close()
    return parts


def whole(setup, plan, peers, keel_trades, differ):
    commands = {"keel": setup.keel_whole(keel_trades, "--no-baselines"), "keel, baselines": setup.keel_whole(
        setup.folder / "keel-baselines.csv")}
    commands |= {name: setup.peer(name, "--once", setup.folder / f"{name}.whole") for name in peers
                 if name not in differ}
    for name, argv in list(commands.items()):
        whole_run(setup.measure, argv, plan.core)  # the warm-up: page cache, compiled peers; not counted
    return alternate(setup, plan, {name: lambda a=argv: whole_run(setup.measure, a, plan.core)
                                   for name, argv in commands.items()}, strict=False)


def run_case(setup, plan):
    case, differ = setup.case, {}
    peers = [name for name in case.peers if name in plan.peers]
    if case.stop:
        differ = {name: engines.ENGINES[name].NO_LEVELS for name in peers if engines.ENGINES[name].NO_LEVELS}
        peers = [name for name in peers if name not in differ]
    digest = prepare(setup, plan.seed)
    keel_trades = setup.folder / "keel.csv"
    whole_run(setup.measure, setup.keel_whole(keel_trades, "--no-baselines"), plan.core)
    reference = keel_run.read_trades(keel_trades)
    ends = exits_of(keel_trades)
    parts = in_memory(setup, plan, peers, reference, differ)
    if "whole" in case.parts:
        parts["whole"] = whole(setup, plan, peers, keel_trades, differ)
    return {"case": case.name(), "bars": case.bars, "trades": len(reference),
            "trades_per_1000_bars": round(1000 * len(reference) / case.bars, 2), "input_sha256": digest,
            **({"stopped": ends["stop"], "at_target": ends["target"]} if case.stop else {}),
            "engines": ["keel", *(name for name in peers if name not in differ)], "differ": differ, "goals": GOALS,
            "is_year": case.is_year(), **parts}


def exits_of(path):
    """How many of keel's trades ended at their stop and at their target."""
    with open(path, newline="", encoding="ascii") as file:
        reasons = [row["exit_reason"] for row in csv.DictReader(file)]
    return {name: sum(reason.endswith(code) for reason in reasons) for name, code in (("stop", "X_STOP"),
                                                                                      ("target", "X_TP"))}


def print_case(result, out=sys.stdout):
    levels = f", {result['stopped']} at the stop and {result['at_target']} at the target" if "stopped" in result else ""
    print(f"\n{result['case']}: {result['trades']} trades ({result['trades_per_1000_bars']} per 1,000 bars){levels}, "
          f"equal in {', '.join(result['engines'])}", file=out)
    for name, line in result["differ"].items():
        print(f"  no time for {name}: {line}", file=out)
    for part in ("inner", "given", "whole"):
        if not result.get(part):
            continue
        keel_s = result[part].get("keel", result.get("inner", {}).get("keel"))["wall_s_median"]
        print(f"  {part:5} {'engine':<17}{'median s':>11}{'min s':>11}{'max s':>11}{'bars/s':>13}{'ns/bar':>10}"
              f"{'peak MiB':>10}{'x keel':>9}", file=out)
        for name, row in result[part].items():
            print(f"        {name:<17}{row['wall_s_median']:>11.5f}{row['wall_s_min']:>11.5f}{row['wall_s_max']:>11.5f}"
                  f"{row['bars_per_s']:>13,.0f}{row['ns_per_bar']:>10.1f}{row['peak_mib']:>10.1f}"
                  f"{row['wall_s_median'] / keel_s:>9.1f}", file=out)
        if part == "inner":
            calls = ", ".join(f"{name} {row['first_call_s']:.4f} s" for name, row in result[part].items())
            print(f"        first call, compilation included: {calls}", file=out)
    if goals_line(result):
        print(f"  {goals_line(result)}", file=out)
