"""One row per round trip, and the first places where two lists of them differ."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trade:
    """A round trip. Times are bar open times in ms (a market order fills at a bar's open), prices integers at 1e-8.

    at_end marks a position still open when the data ended: its exit is a valuation, not a fill.
    """

    side: int
    entry_ms: int
    entry_px_e8: int
    exit_ms: int
    exit_px_e8: int
    at_end: bool = False

    def entry(self):
        return (self.side, self.entry_ms, self.entry_px_e8)

    def fills(self):
        """What an engine decided: the exit counts only where a fill made it."""
        return self.entry() if self.at_end else (*self.entry(), self.exit_ms, self.exit_px_e8)


def differences(name_a, trades_a, name_b, trades_b, limit=5):
    """Lines that name the first differing round trips; empty when both lists hold the same fills."""
    lines = []
    if len(trades_a) != len(trades_b):
        lines.append(f"{name_a} has {len(trades_a)} trades, {name_b} has {len(trades_b)}")
    for index, (a, b) in enumerate(zip(trades_a, trades_b)):
        if a.at_end != b.at_end or a.fills() != b.fills():
            lines.append(f"trade {index}: {name_a} {a} | {name_b} {b}")
            if len(lines) >= limit:
                break
    return lines
