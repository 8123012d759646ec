"""Suite `sweep`: many configurations over one piece of data, exact books.

cross  case (a): the moving-average crossing, thousands of pairs of averages over closed bars of one symbol. `keel sweep
       run` from its files to its rows: every trial with config_id, state hash, all totals, ledger and checked row.
       Beside it peers, with fewer configurations: their time per configuration does not depend on how many there are.
full   case (b): the whole `trend` strategy with gates and managed exits, ten symbols, a year of hours with pieces of five
       minutes; keel alone: some configurations on one thread, repeated, and once ten thousand on all cores.

Equal first: a peer's number of trades must be keel's for every configuration it ran, and its first configuration's list
of trades keel's list; else it gets a line and no time. The floor of each figure says how far off it is: bytes that must
be read and operations that must be done, at the rates of one core.
"""
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys

import bar
import machine
from case import MINUTE_MS, Case
from contender import Worker, whole_run

ROOT = bar.ROOT
PEERS = ("vectorbt", "vectorbt[rust]", "raptorbt", "lrvx")
FEE_BPS = 5.0
SIZES = {
    # bars; fast and slow as LOW:HIGH:STEP; configurations of columns and of loops; trend: configurations, symbols, days,
    # and configurations of the one run on all cores
    "full": {"bars": 200_000, "fast": (10, 505, 5), "slow": (510, 1995, 15), "columns": 200, "loops": 20,
             "trend": (200, 10, 365, 10_000)},
    "toy": {"bars": 3_000, "fast": (5, 20, 5), "slow": (30, 90, 20), "columns": 6, "loops": 4, "trend": (4, 2, 20, 12)},
}
# A core's own rates, from which floors are made: what one load port and the second cache give.
L2_BYTES_PER_S, OPS_PER_S = 1.0e11, 2.0e10
# Per configuration-bar: the slow average of the pair is read, the fast one stays in the first cache; a vector of eight is
# compared, packed and kept as bits.
FLOOR_BYTES, FLOOR_OPS = 8.0, 6 / 8
# Per piece of a position that is managed: low, high and close are read; two levels are compared, two extremes kept, equity
# made and compared, eight pieces in a vector. Only for the measured share of the time that holds a position.
PIECE_BYTES, PIECE_OPS = 24.0, 8 / 8
HELD_TRIALS = 4  # whose lists of trades say how long positions were held


def steps(low, high, step):
    return list(range(low, high + 1, step))


def pairs_of(size, count):
    """Evenly over the grid, in its order."""
    grid = [(fast, slow) for fast in steps(*size["fast"]) for slow in steps(*size["slow"])]
    return [grid[i * len(grid) // count] for i in range(count)]


def text(bounds):
    return ":".join(map(str, bounds))


def keel_sweep(setup, folder, threads, size):
    settings = {**bar.keel_run.NOTHING_BUT_THE_SIGNAL, "allow_short": 0}
    sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    return [setup.keel, "sweep", "run", "--store", setup.folder / "store", "--venue", "binance-perp", "--strategy",
            "ema_cross", "--symbols", "BTCUSDT", "--timeframe", "1m", "--starting-balance", 20000000, "--allocation-pct",
            0.01, "--maker-fee-bps", FEE_BPS, "--taker-fee-bps", FEE_BPS, "--slippage-bps", 0, "--sweeps", folder,
            "--ledger", folder / "ledger", "--restart", "--threads", threads, "--param", f"fast={text(size['fast'])}",
            "--param", f"slow={text(size['slow'])}", *sets]


def full_sweep(setup, folder, threads, trials, symbols):
    names = ",".join(f"S{i:02}USDT" for i in range(symbols))
    return [setup.keel, "sweep", "run", "--store", setup.folder / "trend", "--venue", "synth-perp", "--strategy", "trend",
            "--symbols", names, "--timeframe", "1h", "--detail", "5m", "--sweeps", folder, "--ledger", folder / "ledger",
            "--restart", "--threads", threads, "--sampler", "random", "--trials", trials, "--param", "entry_min_adx=15:35",
            "--param", "ema_fast_period=10:60", "--param", "ema_slow_period=80:240", "--param", "sl_atr_mult=1:4",
            "--param", "tp_atr_mult=2:9", "--param", "trailing_start_atr=0.5:3", "--set", "gate_btc=false"]


def once(measure, argv, folder, cores):
    """One sweep from start to exit; the figures of the process and what the sweep says of itself."""
    shutil.rmtree(folder, ignore_errors=True)
    figures = whole_run(measure, argv, cores)
    summary = json.loads(next(folder.glob("*/summary.json")).read_text())
    return figures | {"sweep_s": summary["wall_seconds"], "trials": summary["trials"],
                      "memory_per_10000": summary["memory_bytes_per_10000_trials"]}


def rows_of(folder):
    with open(next(folder.glob("*/trials.jsonl")), encoding="utf-8") as file:
        next(file)
        return [json.loads(line) for line in file]


def gated(plan, measure):
    share = machine.wait_until_quiet(plan.patience_s) if plan.needs_quiet else machine.busy_share(0.2)
    return measure() | {"busy_before": round(share, 4)}


def repeat(plan, measure):
    return [gated(plan, measure) for _ in range(plan.repetitions)]


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def summary(runs, configuration_bars):
    """CPU seconds are told beside wall seconds: on a machine with other work only they mean anything."""
    wall, cpu = median(runs, "wall_s"), median(runs, "cpu_s")
    return {"wall_s_median": wall, "cpu_s_median": cpu, "per_s": configuration_bars / wall,
            "per_cpu_s": configuration_bars / cpu, "peak_mib": round(max(run["peak_kib"] for run in runs) / 1024, 1),
            "runs": runs}


# ---- case (a) -------------------------------------------------------------------------------------------------------


def disagreement(name, counts, pairs, trades, setup, listed, reference):
    for pair, count in zip(pairs, counts):
        if trades[pair] - count not in ((0, 1) if name == "lrvx" else (0,)):  # lrvx leaves out what is open at the end
            return f"{name} has {count} trades with {pair}, keel {trades[pair]}"
    if listed:
        rows, _ = bar.read_plain(setup.folder / f"{name}.trades")
        lines = bar.differences("keel", reference, name, rows)
        return lines[0] if lines else None
    return None


def reference_of(setup, pair):
    """keel's list of trades of one pair."""
    out = setup.folder / "reference.csv"
    case = Case(setup.case.bars, *pair, False, FEE_BPS)
    one = bar.Setup(case, setup.folder, setup.keel, setup.keel_inner, None, setup.measure, {})
    subprocess.run([str(word) for word in one.keel_whole(out, "--no-baselines")], check=True, capture_output=True)
    return bar.keel_run.read_trades(out)


def run_peer(setup, plan, name, count, size, trades, differ):
    pairs = pairs_of(size, count)
    listed = setup.folder / "pairs.json"
    listed.write_text(json.dumps(pairs))
    worker = Worker(name, [setup.pythons[name], ROOT / "bench" / "sweep_peer.py", name, setup.data(), listed, FEE_BPS],
                    plan.core)
    first = worker.ask("run")
    said = worker.ask(f"trades {setup.folder / f'{name}.trades'}")
    line = disagreement(name, first["counts"], pairs, trades, setup, said["listed"], reference_of(setup, pairs[0]))
    if line:
        differ[name] = line
        worker.close()
        return None
    runs = repeat(plan, lambda: {key: value for key, value in worker.ask("run").items() if key != "counts"})
    worker.close()
    return summary(runs, count * size["bars"]) | {"configurations": count, "first_call_s": first["wall_s"]}


def cross(setup, plan, size):
    digest = bar.prepare(setup, plan.seed)
    folder, figures, differ = setup.folder / "sweeps", {}, {}
    configurations = len(steps(*size["fast"])) * len(steps(*size["slow"]))
    work, trades = configurations * size["bars"], None
    for threads in (1, 2) if len(os.sched_getaffinity(0)) > 1 else (1,):
        cores = plan.core if threads == 1 else ",".join(map(str, sorted(os.sched_getaffinity(0))[-2:]))
        argv = keel_sweep(setup, folder, threads, size)
        once(setup.measure, argv, folder, cores)  # the warm-up
        runs = repeat(plan, lambda: once(setup.measure, argv, folder, cores))
        rows = {(row["params"]["fast"], row["params"]["slow"]): row["totals"]["trades"] for row in rows_of(folder)}
        if trades is not None and rows != trades:
            raise SystemExit("bench: sweep: another number of threads gave other trades: report this as a defect")
        trades = rows
        figures[f"keel, {threads} thread{'s' * (threads > 1)}"] = summary(runs, work) | {
            "configurations": configurations, "sweep_s_median": median(runs, "sweep_s"),
            "memory_mb_per_10000": round(runs[0]["memory_per_10000"] / 1e6, 1)}
    for name in plan.peers:
        if name in PEERS:
            row = run_peer(setup, plan, name, size["columns" if name.startswith("vectorbt") else "loops"], size, trades,
                           differ)
            figures |= {name: row} if row else {}
    return {"bars": size["bars"], "configurations": configurations, "input_sha256": digest, "differ": differ,
            "trades_per_1000_bars": round(1000 * sum(trades.values()) / work, 3), "engines": figures,
            "floor": floor_of(FLOOR_BYTES, FLOOR_OPS)}


# ---- case (b) -------------------------------------------------------------------------------------------------------


def floor_of(bytes_per, ops_per):
    """Per second of one core."""
    return {"bytes_per": bytes_per, "ops_per": ops_per,
            "per_s": 1 / max(bytes_per / L2_BYTES_PER_S, ops_per / OPS_PER_S)}


def held_share(setup, folder, rows, symbol_bars):
    """Share of a symbol's bars that hold a position, from the lists of trades of some trials."""
    held, out = 0, setup.folder / "held.csv"
    for row in rows:
        argv = [setup.keel, "backtest", "run", "--trial", row["trial_hash"], "--sweeps", folder, "--store",
                setup.folder / "trend", "--no-baselines", "--export-trades", out]
        subprocess.run([str(word) for word in argv], check=True, capture_output=True)
        with open(out, encoding="utf-8", newline="") as file:
            held += sum(int(trade["bars_held"]) for trade in csv.DictReader(file))
    return held / (len(rows) * symbol_bars)


def full(setup, plan, size):
    trials, symbols, days, all_trials = size["trend"]
    names = ",".join(f"S{i:02}USDT" for i in range(symbols))
    subprocess.run([str(setup.keel), "data", "synth", "--store", str(setup.folder / "trend"), "--symbols", names,
                    "--interval", "5m", "--days", str(days), "--also", "1h", "--seed", str(plan.seed)], check=True,
                   capture_output=True)
    folder = setup.folder / "trend-sweeps"
    argv = full_sweep(setup, folder, 1, trials, symbols)
    once(setup.measure, argv, folder, plan.core)
    runs = repeat(plan, lambda: once(setup.measure, argv, folder, plan.core))
    rows, pieces = rows_of(folder), 12
    cores = sorted(os.sched_getaffinity(0))
    argv = full_sweep(setup, folder, len(cores), all_trials, symbols)
    whole = gated(plan, lambda: once(setup.measure, argv, folder, ",".join(map(str, cores))))
    if [row["state_hash"] for row in rows_of(folder)[:trials]] != [row["state_hash"] for row in rows]:
        raise SystemExit("bench: sweep: more configurations gave other trials: report this as a defect")
    held = held_share(setup, folder, rows[:HELD_TRIALS], days * 24 * symbols)
    return summary(runs, trials * days * 24 * symbols) | {
        "configurations": trials, "held_share": round(held, 4), "symbols": symbols, "days": days, "pieces_per_bar": pieces,
        "sweep_s_median": median(runs, "sweep_s"), "memory_mb_per_10000": round(runs[0]["memory_per_10000"] / 1e6, 1),
        "trades_per_configuration": round(sum(row["totals"]["trades"] for row in rows) / len(rows), 1),
        "floor": floor_of(PIECE_BYTES * pieces * held, PIECE_OPS * pieces * held),
        "all": whole | {"configurations": all_trials, "cores": len(cores)}}


def measure(keel, keel_inner, measure_program, pythons, folder, plan, scale):
    size = SIZES[scale]
    case = Case(size["bars"], size["fast"][0], size["slow"][0], False, FEE_BPS, interval_ms=MINUTE_MS)
    setup = bar.Setup(case, folder, keel, keel_inner, None, measure_program, pythons)
    return {"cross": cross(setup, plan, size), "full": full(setup, plan, size)}


def show(figures, out=sys.stdout):
    a, b = figures["cross"], figures["full"]
    print(f"\n(a) ema_cross, {a['configurations']:,} configurations x {a['bars']:,} bars of 1 min, "
          f"{a['trades_per_1000_bars']} trades per 1,000 bars", file=out)
    print(f"  {'engine':<17}{'configurations':>15}{'wall s':>9}{'CPU s':>9}{'per s':>11}{'per CPU s':>11}{'peak MiB':>10}"
          f"{'x of floor':>12}", file=out)
    for name, row in a["engines"].items():
        print(f"  {name:<17}{row['configurations']:>15,}{row['wall_s_median']:>9.2f}{row['cpu_s_median']:>9.2f}"
              f"{row['per_s']:>11.3g}{row['per_cpu_s']:>11.3g}{row['peak_mib']:>10.1f}"
              f"{a['floor']['per_s'] / row['per_cpu_s']:>12.1f}", file=out)
    print(f"  floor: {a['floor']['bytes_per']:g} bytes and {a['floor']['ops_per']:g} operations per configuration-bar, "
          f"{a['floor']['per_s']:.3g} per s and core", file=out)
    for name, row in a["engines"].items():
        if name.startswith("keel"):
            print(f"  {name}: {row['sweep_s_median']:.2f} s of it trials, {row['memory_mb_per_10000']} MB per 10,000 "
                  "configurations", file=out)
        else:
            ratio = a["engines"]["keel, 1 thread"]["per_cpu_s"] / row["per_cpu_s"]
            print(f"  keel, one thread, is {ratio:.1f} times {name} in CPU seconds per configuration-bar", file=out)
    for name, line in a["differ"].items():
        print(f"  no time for {name}: {line}", file=out)
    whole = b["all"]
    print(f"(b) trend, {b['configurations']:,} configurations, {b['symbols']} symbols, {b['days']} days of 1 h with 5 min: "
          f"{b['sweep_s_median']:.2f} s, {b['per_cpu_s']:.3g} configuration-bars per CPU s, "
          f"{b['trades_per_configuration']} trades each; {b['memory_mb_per_10000']} MB per 10,000", file=out)
    print(f"  floor: {b['floor']['bytes_per']:.3g} bytes and {b['floor']['ops_per']:.3g} operations per configuration-bar "
          f"({100 * b['held_share']:.1f} % of a symbol's bars hold a position), "
          f"{b['floor']['per_s']:.3g} per s and core: {b['floor']['per_s'] / b['per_cpu_s']:.1f} times that is taken", file=out)
    print(f"  {whole['configurations']:,} configurations on {whole['cores']} cores, once: {whole['wall_s']:.1f} s, "
          f"{whole['cpu_s']:.1f} CPU s, {whole['peak_kib'] / 1024:.1f} MiB", file=out)
