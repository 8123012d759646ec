"""A session over recorded candles, killed everywhere: it ends at the state hash of the undisturbed run."""
import re
import subprocess
from pathlib import Path

import pytest

import data_tool as tool

BARS, FIRST_MS = 120, 1680307200000  # five days from 2023-04-01 on: both coins move both ways


def candles(folder, symbol):
    """The hours of these days, without a gap, as the tool reads them: open,high,low,close,volume."""
    root = tool.shared()
    if root is None:
        pytest.skip("shared/ is absent")
    found = list((root / "candles").glob(f"binance-perp_{symbol}_1h_20230101-*.csv.zst"))
    assert len(found) == 1
    rows = [line.split(",", 1) for line in tool.lines_of(found[0])]
    first = next(i for i, row in enumerate(rows) if int(row[0]) == FIRST_MS)
    rows = rows[first:first + BARS]
    assert [int(ts) for ts, _ in rows] == [FIRST_MS + i * 3600000 for i in range(BARS)]
    path = folder / f"{symbol}.csv"
    path.write_text("\n".join(rest for _, rest in rows) + "\n")
    return path


def test_a_recorded_session_is_killed_thousands_of_times(tmp_path):
    """[T-011] [T-098] [T-099] [WAL-03.1] [WAL-05.3] Real processes by SIGKILL behind every commit, and the journal cut at
    every record and at every byte of the last ones."""
    files = [candles(tmp_path, symbol) for symbol in ("BTCUSDT", "ETHUSDT")]
    path = Path(tool.program("KEEL_BIN_RELEASE")).parents[2] / "tests" / "recorded_kills"
    done = subprocess.run([path, tmp_path, "1", "4", *files], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    said = dict(reversed(pair) for pair in re.findall(r"(\d+) (kills|cuts)", done.stdout + done.stderr))
    assert int(said["kills"]) > 350 and int(said["cuts"]) > 1500, said
