"""Candles for the comparisons: a real file where shared data is at hand, and a seeded synthetic market everywhere."""
import io
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

COLUMNS = ("ts_ms", "open", "high", "low", "close", "volume")
HOUR_MS = 3_600_000


class Candles:
    def __init__(self, table):
        self.ts_ms = table[:, 0].astype(np.int64)
        self.open, self.high, self.low, self.close, self.volume = (np.ascontiguousarray(table[:, i])
                                                                   for i in range(1, 6))

    def __len__(self):
        return len(self.ts_ms)

    @property
    def hl2(self):
        return (self.high + self.low) / 2

    @property
    def hlc3(self):
        return (self.high + self.low + self.close) / 3

    def write(self, path):
        """Canonical CSV; every number is the shortest text that gives the same double back."""
        with open(path, "w") as out:
            out.write(",".join(COLUMNS) + "\n")
            for row in zip(self.ts_ms, self.open, self.high, self.low, self.close, self.volume):
                out.write(str(int(row[0])) + "," + ",".join(np.format_float_positional(v, trim="-") for v in row[1:])
                          + "\n")


def shared():
    """Folder of the shared data, or None."""
    for candidate in (os.environ.get("KEEL_SHARED_DATA"), Path(__file__).resolve().parents[4] / "shared" / "data"):
        if candidate and Path(candidate).is_dir():
            return Path(candidate)
    return None


def real(name):
    """The stored candles `name` (without .csv.zst), or None when shared data or zstd is absent."""
    folder = shared()
    if folder is None or shutil.which("zstd") is None:
        return None
    text = subprocess.run(["zstd", "-dcq", folder / "candles" / f"{name}.csv.zst"], check=True,
                          capture_output=True).stdout
    return Candles(np.loadtxt(io.BytesIO(text), delimiter=",", skiprows=1))


def synthetic(seed, count, interval_ms=HOUR_MS, quiet=True):
    """A seeded walk with calm and wild stretches, prices on a grid of 0.01 as a venue has them. `quiet` adds bars
    without trades (flat, volume 0), which is where the corner cases are."""
    rng = np.random.default_rng(seed)
    scale = 0.004 * np.exp(0.8 * np.sin(np.arange(count) / 97.0))
    steps = rng.standard_t(4, count) * scale
    close = np.round(1000 * np.exp(np.cumsum(steps - steps.mean())), 2)
    opened = np.round(np.concatenate([[close[0]], close[:-1]]) * np.exp(rng.normal(0, 0.0005, count)), 2)
    top = np.maximum(opened, close)
    bottom = np.minimum(opened, close)
    high = np.round(top * np.exp(np.abs(rng.normal(0, 1, count)) * scale), 2)
    low = np.round(bottom * np.exp(-np.abs(rng.normal(0, 1, count)) * scale), 2)
    high, low = np.maximum(high, top), np.minimum(low, bottom)
    volume = np.round(rng.lognormal(3, 1.5, count), 3)
    if quiet:
        for start in rng.integers(300, count - 60, 4):
            still = slice(start, start + 6)
            opened[still] = high[still] = low[still] = close[still] = close[start - 1]
            volume[still] = 0.0
    ts_ms = 1_700_006_400_000 + np.arange(count, dtype=np.int64) * interval_ms
    return Candles(np.column_stack([ts_ms, opened, high, low, close, volume]))
