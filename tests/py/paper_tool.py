"""What the tests of paper runs share: a synthetic market, a backtest and a paper run of it, and killing one."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from data_tool import keel, program

LIMIT_S = 300


def market(folder, days=25, symbols="BTCUSDT,ETHUSDT", seed=7, venue="synth-perp"):
    store = Path(folder) / "data"
    keel("data", "synth", "--store", store, "--symbols", symbols, "--interval", "5m", "--days", days, "--also", "1h", "--seed", seed,
         "--venue", venue)
    return store


def words(store, strategy, *more, symbols="BTCUSDT,ETHUSDT", baselines=False):
    return ["--store", store, "--strategy", strategy, "--symbols", symbols, "--timeframe", "1h",
            *([] if baselines else ["--no-baselines"]), *more]


def document(*all_words):
    out = keel(*all_words, "--json")[0]
    doc = json.loads(out)
    doc.pop("wall_seconds")
    return doc


def written(pid):
    """Bytes the process has handed to the system so far: how far a run has come, whatever the machine's speed."""
    try:
        for line in Path(f"/proc/{pid}/io").read_text().splitlines():
            if line.startswith("wchar:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def kill_when_written(all_words, limit):
    """Start a run and kill -9 it once it wrote `limit` bytes. Its document when it ended before, else None."""
    run = subprocess.Popen([program(), *map(str, all_words), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + LIMIT_S
    while run.poll() is None and written(run.pid) < limit:
        assert time.monotonic() < deadline, "the run hangs"
        time.sleep(0.0005)
    if run.poll() is None:
        os.kill(run.pid, signal.SIGKILL)
    out, err = run.communicate(timeout=LIMIT_S)
    if run.returncode == -signal.SIGKILL:
        return None
    assert run.returncode == 0, err
    return json.loads(out)
