"""One peer engine as a process: answers commands on stdin, so that repetitions of several engines can alternate.

usage: peer.py ENGINE DATA.npz FAST SLOW             commands: run | run-signals-outside | trades FILE | quit
       peer.py ENGINE DATA.npz FAST SLOW --once FILE  load, run once, write the trades, end

A run is timed from candles in memory to trades in memory. `run` computes the averages inside the time,
`run-signals-outside` does not.
"""
import json
import os
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "py"))
warnings.simplefilter("ignore")
os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np  # noqa: E402

from agreement import candles as candles_of  # noqa: E402
from agreement import rules  # noqa: E402


def load(path):
    with np.load(path) as file:
        px_e8 = {name: file[name] for name in candles_of.PRICE_COLUMNS}
        return candles_of.from_px_e8(file["ts_ms"], px_e8, file["volume"], int(file["interval_ms"]))


class BacktestingPy:
    """backtesting.py; its statistics are computed inside run() and cannot be left out."""

    def __init__(self, candles):
        from agreement import peer_backtesting
        self.peer, self.candles = peer_backtesting, candles
        self.data = peer_backtesting.frame(candles)

    def simulate(self, signals):
        return self.peer.simulate(self.data, signals)

    def trades(self, result):
        return self.peer.trades_of(result, self.candles)


class Vectorbt:
    """vectorbt; the time ends with its trade records, no statistics are asked for."""

    def __init__(self, candles):
        from agreement import peer_vectorbt
        self.peer, self.candles = peer_vectorbt, candles

    def simulate(self, signals):
        portfolio = self.peer.simulate(self.candles, signals)
        portfolio.trades.values
        return portfolio

    def trades(self, result):
        return self.peer.trades_of(result, self.candles)


ENGINES = {"backtesting.py": BacktestingPy, "vectorbt": Vectorbt}


def write_trades(trades, path):
    with open(path, "w", encoding="ascii") as out:
        for trade in trades:
            out.write(f"{trade.side},{trade.entry_ms},{trade.entry_px_e8},{trade.exit_ms},{trade.exit_px_e8},"
                      f"{int(trade.at_end)}\n")


def peak_kib():
    """Of this program alone: getrusage would also count whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def main(argv):
    name, data, fast, slow = argv[0], argv[1], int(argv[2]), int(argv[3])
    candles = load(data)
    engine = ENGINES[name](candles)

    def signals():
        return rules.ema_cross(candles.px["close"], fast, slow, True)

    if argv[4:5] == ["--once"]:
        write_trades(engine.trades(engine.simulate(signals())), argv[5])
        return
    outside, result = signals(), None
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "run":
            result, figures = timed(lambda: engine.simulate(signals()))
        elif words[0] == "run-signals-outside":
            result, figures = timed(lambda: engine.simulate(outside))
        elif words[0] == "trades":
            write_trades(engine.trades(result), words[1])
            figures = {}
        else:
            break
        figures["peak_kib"] = peak_kib()
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
