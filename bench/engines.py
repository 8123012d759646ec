"""The peer engines of suite `bar`: each runs the same signals over the same candles and says what it traded.

An engine class has
  CASH        what its account starts with
  AT_END      what its final equity holds of a position still open when the data ends: "valued" at the last close
              without a fee, or "left out"; keel's own is "closed", with a fee
  GIVEN       it can take signals that were made before the time begins
  NO_LEVELS   why it takes no part in a case with a stop and a target; None where it does
  prepare()   what is made once from the candles, before any time is taken; never from the signals
  simulate(signals) -> result     what is timed; with GIVEN = False it computes its own averages from fast and slow
  trades(result) -> [(Trade, quantity)], or None where it keeps no list
  summary(result) -> (number of trades, final equity)

Decisions at a close are filled at the next open. An engine that fills at the price which made the decision is shown
the next open as that price: the decision itself still comes from the signals, which know only closed bars.

A stop and a target lie at shares of the entry price. From the bar of the entry on, the first bar that comes to one
leaves there, or at its open if that is beyond, the stop first; such an exit is timed at the end of its bar.
"""
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "py"))

from agreement.trades import Trade  # noqa: E402

CASH = 1e7


class Engine:
    CASH, AT_END, GIVEN, NO_LEVELS = CASH, "valued", True, None

    def __init__(self, candles, case):
        self.candles, self.case = candles, case
        self.fee = case.fee_bps / 1e4
        self.prepare()

    def prepare(self):
        pass

    def next_open(self):
        """What a decision at each close is filled at; the last bar has no next one, and its close stands in."""
        return np.append(self.candles.px["open"][1:], self.candles.px["close"][-1:])

    def trade(self, side, entry, entry_px, leave, exit_px, at_end=False):
        """Bars by number; an exit inside bar n is one at n + 1."""
        start, step = int(self.candles.ts_ms[0]), self.candles.interval_ms
        return Trade(side, start + int(entry) * step, round(entry_px * 1e8), start + int(leave) * step,
                     round(exit_px * 1e8), at_end)


class BacktestingPy(Engine):
    """backtesting.py; its statistics are computed inside run() and cannot be left out."""

    def prepare(self):
        from agreement import peer_backtesting
        self.peer, self.data = peer_backtesting, peer_backtesting.frame(self.candles)
        self.levels = self.peer.levels(self.next_open(), self.case.stop, self.case.target) if self.case.stop else None

    def simulate(self, signals):
        return self.peer.simulate(self.data, signals, self.CASH, self.fee, self.levels)

    def trades(self, result):
        return [(trade, 1.0) for trade in self.peer.trades_of(result, self.candles)]

    def summary(self, result):
        return len(self.trades(result)), float(result["Equity Final [$]"])


class Vectorbt(Engine):
    """vectorbt; the time ends with its trade records, no statistics are asked for."""

    def prepare(self):
        from agreement import peer_vectorbt
        self.peer, self.fills = peer_vectorbt, self.next_open() if self.case.stop else None

    def simulate(self, signals):
        if self.case.stop:
            portfolio = self.peer.simulate_levels(self.candles, signals, self.fills, self.case.stop, self.case.target,
                                                  self.CASH, self.fee)
        else:
            portfolio = self.peer.simulate(self.candles, signals, self.CASH, self.fee)
        portfolio.trades.values
        return portfolio

    def trades(self, result):
        trades = self.peer.trades_of(result, self.candles, 1 if self.case.stop else 0)
        return [(trade, 1.0) for trade in trades]

    def summary(self, result):
        return len(result.trades.values), float(result.final_value())


class Raptorbt(Engine):
    """raptorbt; one side only, sized by its account; 48 metrics are computed inside and cannot be left out."""

    def prepare(self):
        import raptorbt
        self.peer, self.ts_ns = raptorbt, self.candles.ts_ms * 1_000_000

    def simulate(self, signals):
        px, peer = self.candles.px, self.peer
        config = peer.BacktestConfig(initial_capital=self.CASH, fees=self.fee, slippage=0.0,
                                     fill_timing="next_bar_open")
        if self.case.stop:
            config.set_fixed_stop(self.case.stop)
            config.set_fixed_target(self.case.target)
        return peer.run_single_backtest(
            timestamps=self.ts_ns, open=px["open"], high=px["high"], low=px["low"], close=px["close"],
            volume=self.candles.volume, entries=signals.long_in, exits=signals.long_out, direction=1, weight=1.0,
            symbol="BTCUSDT", config=config)

    def trades(self, result):
        return [(self.trade(row.direction, row.entry_idx, row.entry_price,
                            row.exit_idx + (row.exit_reason in ("StopLoss", "TakeProfit")), row.exit_price,
                            row.exit_reason not in ("Signal", "StopLoss", "TakeProfit")), row.size)
                for row in result.trades()]

    def summary(self, result):
        return len(result.trades()), float(result.equity_curve()[-1])


class Wickra(Engine):
    """wickra-backtest; a strategy is a description in words, its averages are the engine's own."""

    GIVEN = False

    def prepare(self):
        import wickra_backtest
        self.peer = wickra_backtest
        self.columns = [self.candles.px[name].tolist() for name in ("open", "high", "low", "close")]
        self.times = self.candles.ts_ms.tolist()

    def simulate(self, _signals):
        averages = {"fast": self.case.fast, "slow": self.case.slow}
        spec = {"symbol": "BTCUSDT", "timeframe": "1m",
                "indicators": {name: {"type": "Ema", "params": [period]} for name, period in averages.items()},
                "entry": {"cross_above": ["fast", "slow"]}, "exit": {"cross_below": ["fast", "slow"]},
                "sizing": {"type": "fixed_qty", "qty": 1.0}, "costs": {"taker_bps": self.case.fee_bps}}
        if self.case.stop:
            spec["risk"] = {"stop_loss_pct": 100 * self.case.stop, "take_profit_pct": 100 * self.case.target}
        return self.peer.run(*self.columns, None, self.times, spec=spec, capital=self.CASH)

    def trades(self, result):
        def leave(row):
            return row["exit_time"] + self.candles.interval_ms * (row["reason"] in ("stop_loss", "take_profit"))

        return [(Trade(1, row["entry_time"], round(row["entry_price"] * 1e8), leave(row),
                       round(row["exit_price"] * 1e8), row["reason"] == "end"), row["qty"])
                for row in result["trades"]]

    def summary(self, result):
        return len(result["trades"]), float(result["equity"][-1]["equity"])


class Lrvx(Engine):
    """lrvx, its batch engine; it fills at the close that decides, so it is shown the next open as that close. It keeps
    statistics and no list of trades."""

    AT_END = "left out"
    NO_LEVELS = "its list of orders knows neither stops nor targets"

    def prepare(self):
        import lrvx
        self.peer = lrvx
        self.ts_ns = self.candles.ts_ms * 1_000_000
        price = self.next_open()
        self.engine = lrvx.Engine(self.CASH, self.fee)
        self.engine.load_ohlcv({"ts": self.ts_ns, "open": price, "high": price, "low": price, "close": price,
                                "volume": self.candles.volume}, "BTCUSDT")

    def simulate(self, signals):
        orders, last = self.peer.SignalBuilder(), len(self.candles) - 1
        for index in np.flatnonzero(signals.long_in | signals.long_out).tolist():
            if index < last:
                (orders.buy if signals.long_in[index] else orders.sell)(self.ts_ns[index], 1.0, "BTCUSDT")
        return self.engine.run(orders)

    def trades(self, result):
        return None

    def summary(self, result):
        return result.total_trades, result.final_capital


class Nautilus(Engine):
    """nautilus_trader; one Python call per bar, market orders. Its bars fill at the close that decides, so each bar is
    shown with the next open as its price."""

    AT_END = "left out"
    NO_LEVELS = "it is shown one price per bar, so no level can lie inside one"

    def prepare(self):
        import nautilus_engine
        self.peer = nautilus_engine
        self.bars = nautilus_engine.bars(self.candles, self.next_open())

    def simulate(self, signals):
        return self.peer.simulate(self.bars, signals, self.CASH, self.case.fee_bps)

    def trades(self, result):
        fills, rows = self.peer.fills_of(result), []
        bar_of = dict(zip((self.candles.ts_ms + self.candles.interval_ms - 1).tolist(), range(1, len(self.candles) + 1)))
        for opened, closed in zip(fills[::2], fills[1::2]):
            rows.append((self.trade(1, bar_of[opened[0]], opened[1], bar_of[closed[0]], closed[1]), opened[2]))
        if len(fills) % 2:
            last = len(self.candles) - 1
            rows.append((self.trade(1, bar_of[fills[-1][0]], fills[-1][1], last, self.candles.px["close"][-1], True),
                         fills[-1][2]))
        return rows

    def summary(self, result):
        return len(self.trades(result)), self.peer.balance(result)


ENGINES = {
    "backtesting.py": BacktestingPy,
    "vectorbt": Vectorbt,
    "vectorbt[rust]": Vectorbt,  # the same calls; its loops are compiled ahead when vectorbt-rust is installed
    "nautilus_trader": Nautilus,
    "wickra-backtest": Wickra,
    "raptorbt": Raptorbt,
    "lrvx": Lrvx,
}
