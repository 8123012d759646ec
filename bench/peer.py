"""One peer engine as a process: answers commands on stdin, so that repetitions of several engines can alternate.

usage: peer.py ENGINE DATA.npz FAST SLOW SHORTS FEE_BPS STOP TARGET
           commands: run N | run-given N | trades FILE | quit
       peer.py ENGINE DATA.npz FAST SLOW SHORTS FEE_BPS STOP TARGET --once FILE
           load, run once, write the trades, end

A run is timed from candles in memory to trades in memory. `run` computes the averages inside the time, `run-given`
does not.
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
from case import Case  # noqa: E402
from engines import ENGINES  # noqa: E402


def load(path):
    with np.load(path) as file:
        px_e8 = {name: file[name] for name in candles_of.PRICE_COLUMNS}
        return candles_of.from_px_e8(file["ts_ms"], px_e8, file["volume"], int(file["interval_ms"]))


def write_trades(engine, result, path):
    """Rows of a trade and its quantity, where the engine lists them; returns what it says of the whole run."""
    rows = engine.trades(result)
    with open(path, "w", encoding="ascii") as out:
        for trade, quantity in rows or ():
            out.write(f"{trade.side},{trade.entry_ms},{trade.entry_px_e8},{trade.exit_ms},{trade.exit_px_e8},"
                      f"{int(trade.at_end)},{float(quantity)!r}\n")
    count, equity = engine.summary(result)
    return {"listed": rows is not None, "trades": count, "start_equity": engine.CASH, "final_equity": equity,
            "at_end": engine.AT_END}


def peak_kib():
    """Of this program alone: getrusage would also count whoever started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def timed(times, work):
    """The last of so many results, and seconds of one."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return result, {"wall_s": wall / times, "cpu_s": cpu / times}


def main(argv):
    name, data, fast, slow, shorts = argv[0], argv[1], int(argv[2]), int(argv[3]), argv[4] == "1"
    fee_bps, stop, target = map(float, argv[5:8])
    candles = load(data)
    engine = ENGINES[name](candles, Case(len(candles), fast, slow, shorts, fee_bps, stop=stop, target=target))

    def signals():
        if not engine.GIVEN:
            return None
        from agreement import rules
        return rules.ema_cross(candles.px["close"], fast, slow, shorts)

    if argv[8:9] == ["--once"]:
        write_trades(engine, engine.simulate(signals()), argv[9])
        return
    given, result = signals(), None
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "run":
            result, figures = timed(int(words[1]), lambda: engine.simulate(signals()))
        elif words[0] == "run-given":
            result, figures = timed(int(words[1]), lambda: engine.simulate(given))
        elif words[0] == "trades":
            figures = write_trades(engine, result, words[1])
        else:
            break
        figures["peak_kib"] = peak_kib()
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
