"""Random configurations of the built-in strategies: the plain loop, the lanes of a sweep with one thread and with two, at
each width of vectors, and OpenCL: one hash and one file. The tests run a few; script/parity as many as one likes.

usage: parity.py --keel PROGRAM --width PROGRAM [--trials N] [--seed S] [--folder DIR] [--jobs N] [STRATEGY..]
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import data_tool as tool
from parity_space import CORE, OWN


def names_of(strategy):
    """Parameters there are, so that a renamed one is missed loudly."""
    schema = json.loads(tool.keel("config", "schema", "--strategy", strategy)[0])
    return {key for section in schema["properties"].values() for key in section.get("properties", {})}


def flags(strategy, without=()):
    wanted = CORE | OWN[strategy]
    assert wanted.keys() <= names_of(strategy), sorted(wanted.keys() - names_of(strategy))
    return [word for name, values in wanted.items() if name not in without for word in ("--param", f"{name}={values}")]


# A year in two parts of it: hours with pieces of five minutes, two symbols, their funding.
CANDLES = ("candles/binance-perp_{}_1h_2023*", "candles/binance-perp_{}_5m_2023*", "funding/binance-perp_{}_*")
SYMBOLS = ("BTCUSDT", "ETHUSDT")
MARKET = ("--symbols", ",".join(SYMBOLS), "--timeframe", "1h", "--detail", "5m")
RECORDED = (*MARKET, "--timerange", "20230601-20230901")


MONTH = "20230601-20230701"  # for many configurations


def recorded(root):
    patterns = [pattern.format(symbol) for symbol in SYMBOLS for pattern in CANDLES]
    return [path for pattern in patterns for path in sorted(root.glob(pattern))]


def import_recorded(root, store):
    tool.keel("data", "import", "--store", store, *recorded(root))


def sweep(store, folder, strategy, trials, threads, *more):
    folder.mkdir(parents=True, exist_ok=True)
    return tool.keel_json("sweep", "run", "--store", store, "--sweeps", folder, "--ledger", folder / "ledger", "--strategy",
                          strategy, "--sampler", "random", "--trials", trials, "--threads", threads, *flags(strategy),
                          *more)


def check(store, folder, strategy, trials, *more):
    """Rows of the sweep, which are the same with one thread and with two, and each the plain loop's."""
    files = []
    for threads in (1, 2):
        document = sweep(store, folder / str(threads), strategy, trials, threads, *more)
        files.append(Path(document["trials_file"]).read_bytes())
    assert files[0] == files[1], f"{strategy}: two threads wrote another file"
    answer = tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", folder / "2", "--all")
    assert answer["checked"] == answer["confirmed"] == trials and answer["different"] == 0, answer
    return [json.loads(line) for line in files[1].decode().splitlines()[1:]]


# ---- as many as one likes ------------------------------------------------------------------------------------------

LEVELS = ("portable", "avx2", "avx512")
NO_SUCH_LEVEL, DIFFERENT = 77, 6
CONFIRMED = "plain loop"
TRADING = 0.65  # of a strategy's draws: fewer, and equal rows would say little


def legs(keel, width, device):
    """Every way a sweep runs here: name, program, level, threads, more words. The first one's file is that of all."""
    yield "1 thread", keel, None, 1, ()
    yield "2 threads", keel, None, 2, ()
    for level in LEVELS:
        yield level, width, level, 1, ()
    if device:
        yield "OpenCL", keel, None, 2, ("--device", "opencl")


class Different(AssertionError):
    """Two ways gave two answers."""


class Failed(Exception):
    """Nothing was compared: no parity was found broken."""


class Progress:
    """What is done, in a file, so that the same command goes on where it was stopped."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.done = json.loads(path.read_text()) if path.exists() else {}

    def get(self, strategy, leg):
        return self.done.get(f"{strategy}, {leg}")

    def put(self, strategy, leg, what):
        with self.lock:
            self.done[f"{strategy}, {leg}"] = what
            fresh = self.path.with_suffix(".new")
            fresh.write_text(json.dumps(self.done, indent=1))
            fresh.replace(self.path)
        print(f"{time.strftime('%H:%M:%S')} {strategy}: {leg}", file=sys.stderr, flush=True)


def run(program, level, *words):
    """The document of a command; None where the processor has no such level."""
    done = subprocess.run([program, *map(str, words), "--json"], capture_output=True, text=True, timeout=36_000,
                          env=os.environ | ({"KEEL_TEST_LEVEL": level} if level else {}))
    if done.returncode == NO_SUCH_LEVEL:
        return None
    told = f"exit {done.returncode}: {done.stderr.strip()[-2000:]}"
    if done.returncode == DIFFERENT:
        raise Different(told)
    if done.returncode != 0:
        raise Failed(told)
    return json.loads(done.stdout)


def one_leg(args, strategy, leg, program, level, threads, more):
    """Digest of the file that one way writes."""
    folder = args.folder / strategy / leg.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    document = run(program, level, "sweep", "run", "--store", args.folder / "store", "--sweeps", folder, "--ledger",
                   folder / "ledger", "--strategy", strategy, "--sampler", "random", "--trials", args.trials, "--seed",
                   args.seed, "--threads", threads, *flags(strategy), *MARKET, "--timerange", MONTH, "--resume", *more)
    if document is None:
        return {"absent": True}
    path = Path(document["trials_file"])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if leg != "1 thread":  # the first one's file stays: all others are equal to it or the check ends
        path.unlink()
    return {"sha256": digest, "sweep": document["sweep_id"]}


def tell(args, strategy, sweep, names):
    path = args.folder / strategy / "1-thread" / sweep / "trials.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    traded = [row for row in rows if row["totals"] and row["totals"]["trades"]]
    share = len(traded) / len(rows)
    if share < TRADING and strategy != "no_trade":
        raise Failed(f"{strategy}: only {share:.1%} of the draws ended with trades: equal, but it shows too little")
    print(f"{strategy}: {len(rows)} configurations, {len(traded)} of them ({share:.1%}) traded, "
          f"{sum(row['totals']['trades'] for row in traded)} trades, {len({row['state_hash'] for row in traded})} different "
          f"ends: equal on {', '.join(names)}", flush=True)


def confirm(args, progress, strategy, sweep):
    """Every row once more as a backtest and on the plain loop. It is cheap beside a device, so it comes before one."""
    if progress.get(strategy, CONFIRMED) is None:
        answer = run(args.keel, None, "sweep", "confirm", sweep, "--sweeps", args.folder / strategy / "1-thread", "--all")
        if not answer["checked"] == answer["confirmed"] == args.trials or answer["different"] != 0:
            raise Different(f"{strategy}: {answer}")
        progress.put(strategy, CONFIRMED, {"confirmed": answer["confirmed"]})


def check_all(args, progress, strategy):
    """Every leg of a strategy, each once."""
    equal = None
    names = []
    for leg, program, level, threads, more in legs(args.keel, args.width, args.device):
        if equal and CONFIRMED not in names:
            confirm(args, progress, strategy, equal["sweep"])
            names.append(CONFIRMED)
        done = progress.get(strategy, leg)
        if done is None:
            try:
                done = one_leg(args, strategy, leg, program, level, threads, more)
            except Failed as why:
                raise Failed(f"{strategy}, {leg}: {why}{'; --no-device leaves it out' if more else ''}") from why
            progress.put(strategy, leg, done)
        if "absent" in done:
            continue
        equal = equal or done
        if done["sha256"] != equal["sha256"]:
            raise Different(f"{strategy}: {leg} wrote another file than {names[0]}")
        names.append(leg)
    tell(args, strategy, equal["sweep"], names)


def identity_of(args, candles):
    """Of everything that rows depend on: programs, candles, space, numbers. Each has a folder of its own."""
    whole = hashlib.sha256(json.dumps([CORE, OWN, MARKET, MONTH, args.trials, args.seed]).encode())
    for path in (args.keel, args.width, *candles):
        whole.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return whole.hexdigest()[:16]


def main(argv):
    parser = argparse.ArgumentParser(prog="script/parity", add_help=False)
    parser.add_argument("--keel", required=True)
    parser.add_argument("--width", required=True)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--no-device", dest="device", action="store_false")
    parser.add_argument("strategies", nargs="*")
    args = parser.parse_args(argv)
    root = tool.shared()
    if root is None:
        print("script/parity: no recorded candles: set KEEL_SHARED_DATA to their folder", file=sys.stderr)
        return 1
    os.environ["KEEL_BIN"] = args.keel
    args.folder /= identity_of(args, recorded(root))
    args.folder.mkdir(parents=True, exist_ok=True)
    progress = Progress(args.folder / "progress.json")
    if not (args.folder / "store").exists():
        import_recorded(root, args.folder / "new-store")
        (args.folder / "new-store").rename(args.folder / "store")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in [pool.submit(check_all, args, progress, strategy) for strategy in args.strategies or OWN]:
            done.result()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (AssertionError, Failed) as wrong:
        print(f"script/parity: {wrong}", file=sys.stderr)
        sys.exit(DIFFERENT if isinstance(wrong, Different) else 1)
