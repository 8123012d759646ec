"""One peer engine running many configurations of the crossing, as a process: see sweep.py.

usage: sweep_peer.py ENGINE DATA.npz PAIRS.json FEE_BPS              commands: run | trades FILE | quit

A run is timed from candles in memory to every configuration's trades in memory; averages are computed inside the time,
each distinct one once. vectorbt gets its configurations as columns, the others one after the other.
"""
import json
import sys

import numpy as np

import peer
from case import Case
from engines import ENGINES

from agreement import rules  # noqa: E402  (peer put tests/py on the path)

COLUMNS = 50  # that vectorbt simulates at once; more only takes memory


class Loop:
    """Any engine of suite bar, configuration by configuration."""

    def __init__(self, name, candles, pairs, fee_bps):
        self.candles, self.pairs = candles, pairs
        self.engine = ENGINES[name](candles, Case(len(candles), *pairs[0], False, fee_bps))

    def run(self):
        lines, results = averages(self.candles.px["close"], self.pairs), []
        for fast, slow in self.pairs:
            results.append(self.engine.simulate(crossing(lines[fast], lines[slow])))
        return results

    def counts(self, results):
        return [int(self.engine.summary(result)[0]) for result in results]

    def trades(self, results):
        rows = self.engine.trades(results[0])
        return None if rows is None else [trade for trade, _ in rows]


class Columns:
    """vectorbt: a column per configuration."""

    def __init__(self, _name, candles, pairs, fee_bps):
        from agreement import peer_vectorbt
        self.peer, self.candles, self.pairs, self.fee = peer_vectorbt, candles, pairs, fee_bps / 1e4

    def run(self):
        lines, results = averages(self.candles.px["close"], self.pairs), []
        for at in range(0, len(self.pairs), COLUMNS):
            some = [crossing(lines[fast], lines[slow]) for fast, slow in self.pairs[at:at + COLUMNS]]
            entries = np.stack([self.peer.next_bar(signals.long_in) for signals in some], axis=1)
            exits = np.stack([self.peer.next_bar(signals.long_out) for signals in some], axis=1)
            portfolio = self.peer.vbt.Portfolio.from_signals(
                self.candles.px["close"][:, None], entries=entries, exits=exits,
                price=self.candles.px["open"][:, None], size=1.0,
                size_type="amount", init_cash=1e7, fees=self.fee, slippage=0.0, accumulate=False,
                freq=f"{self.candles.interval_ms}ms")
            results.append(portfolio.trades.values)
        return results

    def counts(self, results):
        counts = []
        for at, records in zip(range(0, len(self.pairs), COLUMNS), results):
            width = min(COLUMNS, len(self.pairs) - at)
            counts += np.bincount(records["col"], minlength=width).tolist()
        return counts

    def trades(self, results):
        class First:
            class trades:
                values = results[0][results[0]["col"] == 0]
        return self.peer.trades_of(First, self.candles)


def averages(close, pairs):
    import talib
    return {period: talib.EMA(close, period) for period in sorted({period for pair in pairs for period in pair})}


def crossing(fast_line, slow_line):
    never = np.zeros(len(fast_line), dtype=bool)
    return rules.Signals(rules.crosses_above(fast_line, slow_line), rules.crosses_below(fast_line, slow_line), never,
                         never, True)


def main(argv):
    name, candles = argv[0], peer.load(argv[1])
    with open(argv[2], encoding="ascii") as file:
        pairs = [tuple(pair) for pair in json.load(file)]
    work = (Columns if name.startswith("vectorbt") else Loop)(name, candles, pairs, float(argv[3]))
    print(json.dumps({"ready": name}), flush=True)
    results = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "run":
            results, figures = peer.timed(1, work.run)
            figures["counts"] = work.counts(results)
        elif words[0] == "trades":
            rows = work.trades(results)
            with open(words[1], "w", encoding="ascii") as out:
                for trade in rows or ():
                    out.write(f"{trade.side},{trade.entry_ms},{trade.entry_px_e8},{trade.exit_ms},{trade.exit_px_e8},"
                              f"{int(trade.at_end)},1.0\n")
            figures = {"listed": rows is not None}
        else:
            break
        figures["peak_kib"] = peer.peak_kib()
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
