"""What one case of suite `bar` runs: so many bars, which strategy, which costs, which engines."""
from dataclasses import dataclass

MINUTE_MS = 60_000
EVERY = ("backtesting.py", "vectorbt", "vectorbt[rust]", "nautilus_trader", "wickra-backtest", "raptorbt", "lrvx")
COMPILED = ("vectorbt", "vectorbt[rust]", "wickra-backtest", "raptorbt", "lrvx")


@dataclass(frozen=True)
class Case:
    bars: int
    fast: int
    slow: int
    shorts: bool  # both sides, reversing; otherwise long only
    fee_bps: float
    peers: tuple = EVERY
    parts: tuple = ("inner", "given", "whole")
    interval_ms: int = MINUTE_MS
    start_ms: int = 1_672_531_200_000
    stop: float = 0.0  # shares of the entry price; both or none, and long only
    target: float = 0.0

    def __post_init__(self):
        if (self.stop > 0) != (self.target > 0) or (self.stop > 0 and self.shorts):
            raise ValueError("a stop comes with a target, and both without shorts")

    def name(self):
        bars = f"{self.bars:,} bars of {'1 h' if self.interval_ms > MINUTE_MS else '1 min'}"
        side = "both sides" if self.shorts else "long only"
        fee = f"fee {self.fee_bps:g} bps" if self.fee_bps else "no fee"
        levels = f", stop {100 * self.stop:g} %, target {100 * self.target:g} %" if self.stop else ""
        return f"{bars}, ema_cross {self.fast}/{self.slow}, {side}, {fee}{levels}"

    def words(self):
        """What every program is told: FAST SLOW SHORTS FEE_BPS STOP TARGET."""
        return [self.fast, self.slow, int(self.shorts), self.fee_bps, self.stop, self.target]

    def is_year(self):
        """The case that has a goal of its own: how long a whole process takes over a year of hours."""
        return self.interval_ms > MINUTE_MS and self.bars == 8_760

    def timeframe(self):
        return "1h" if self.interval_ms > MINUTE_MS else "1m"


CASES = {
    "full": [
        Case(8_760, 12, 26, False, 5.0, parts=("whole",), interval_ms=60 * MINUTE_MS),
        Case(100_000, 12, 26, False, 5.0),
        Case(100_000, 50, 200, False, 5.0),
        Case(100_000, 12, 26, True, 0.0, peers=("backtesting.py", "vectorbt", "vectorbt[rust]")),
        Case(1_000_000, 12, 26, False, 5.0, peers=COMPILED),
        # nineteen years of minutes, over before today; wickra's lists of Python floats would need ten gigabytes
        Case(10_000_000, 12, 26, False, 5.0, peers=("vectorbt", "vectorbt[rust]", "raptorbt", "lrvx"),
             start_ms=1_104_537_600_000),
        # The walk's steps shrink with its length: ten times nearer levels are as near here as there.
        Case(100_000, 12, 26, False, 5.0, stop=0.01, target=0.02),
        Case(10_000_000, 12, 26, False, 5.0, peers=("vectorbt", "vectorbt[rust]"), start_ms=1_104_537_600_000, stop=0.001,
             target=0.002),
    ],
    "toy": [Case(2_000, 12, 26, False, 5.0),
            Case(2_000, 12, 26, False, 5.0, parts=("inner", "given"), stop=0.01, target=0.02)],
}
