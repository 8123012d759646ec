"""Candles as columns: from canonical CSV (plain or .zst), or a seeded walk where no recorded file is at hand."""

import os
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

E8 = 10**8
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Candles:
    """Columns of one series, oldest first. Prices are the exact integers at 1e-8 and the nearest doubles."""

    ts_ms: np.ndarray
    px_e8: dict  # column name -> int64 array
    px: dict  # column name -> float64 array
    volume: np.ndarray
    interval_ms: int

    def __len__(self):
        return len(self.ts_ms)

    def head(self, count):
        return Candles(self.ts_ms[:count], {k: v[:count] for k, v in self.px_e8.items()},
                       {k: v[:count] for k, v in self.px.items()}, self.volume[:count], self.interval_ms)


PRICE_COLUMNS = ("open", "high", "low", "close")


def shared_data():
    """The folder with recorded market data, or None: $KEEL_SHARED/data, else ../shared/data beside the checkout."""
    named = os.environ.get("KEEL_SHARED")
    folder = (Path(named) if named else Path(__file__).resolve().parents[3].parent / "shared") / "data"
    return folder if (folder / "candles").is_dir() else None


def read_text(path):
    path = Path(path)
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout.decode()
    return path.read_text()


def from_px_e8(ts_ms, px_e8, volume, interval_ms):
    px = {name: column / 1e8 for name, column in px_e8.items()}
    return Candles(ts_ms, px_e8, px, volume, interval_ms)


def load(path, interval_ms):
    lines = read_text(path).splitlines()
    if lines[0] != "ts_ms,open,high,low,close,volume":
        raise ValueError(f"{path}: unexpected header {lines[0]!r}")
    rows = [line.split(",") for line in lines[1:]]
    px_e8 = {}
    for index, name in enumerate(PRICE_COLUMNS, start=1):
        scaled = [Decimal(row[index]) * E8 for row in rows]
        if any(value != int(value) for value in scaled):
            raise ValueError(f"{path}: a price is finer than 1e-8")
        px_e8[name] = np.array([int(value) for value in scaled], dtype=np.int64)
    ts_ms = np.array([int(row[0]) for row in rows], dtype=np.int64)
    volume = np.array([float(row[5]) for row in rows])
    return from_px_e8(ts_ms, px_e8, volume, interval_ms)


def walk(count, seed, interval_ms=HOUR_MS, start_ms=1_672_531_200_000, tick_e8=10_000_000, start_px_e8=30_000 * E8):
    """A seeded random walk on a price grid with four steps inside each bar; opens may gap from the last close.

    Steps shrink with the length, so that a walk of any length stays within a factor of a few of its start.
    """
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 0.003 * min(1.0, (20_000 / count) ** 0.5), size=(count, 5))
    steps[:, 0] *= 0.05
    path = np.cumsum(steps.ravel()).reshape(count, 5)
    ticks = np.maximum(1, np.rint(start_px_e8 / tick_e8 * np.exp(path))).astype(np.int64)
    px_e8 = {
        "open": ticks[:, 0] * tick_e8,
        "high": ticks.max(axis=1) * tick_e8,
        "low": ticks.min(axis=1) * tick_e8,
        "close": ticks[:, 4] * tick_e8,
    }
    ts_ms = start_ms + interval_ms * np.arange(count, dtype=np.int64)
    volume = np.rint(rng.lognormal(5.0, 1.0, count) * 1000) / 1000
    return from_px_e8(ts_ms, px_e8, volume, interval_ms)


def e8_text(value_e8):
    """Exact decimal text of an integer at 1e-8."""
    sign, value_e8 = ("-", -value_e8) if value_e8 < 0 else ("", value_e8)
    whole, part = divmod(int(value_e8), E8)
    return f"{sign}{whole}.{part:08d}".rstrip("0").rstrip(".")


def write_csv(candles, path):
    columns = [candles.px_e8[name] for name in PRICE_COLUMNS]
    with open(path, "w", encoding="ascii") as out:
        out.write("ts_ms,open,high,low,close,volume\n")
        for index in range(len(candles)):
            prices = ",".join(e8_text(column[index]) for column in columns)
            out.write(f"{candles.ts_ms[index]},{prices},{float(candles.volume[index])!r}\n")
