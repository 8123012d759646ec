"""A journal of some hundred mebibytes, worked through in a bounded amount of memory. [T-128] [WAL-05.2]"""
# time limit: 600 s
import os
import shutil
import subprocess
import sys
import time

import pytest

import paper_tool as tool
from data_tool import program

MIB = 1 << 20
SYMBOLS = "BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT,ADAUSDT,DOGEUSDT,LTCUSDT,LINKUSDT"
DAYS, SIZE_MIB = 700, 130
READERS_MIB = 32
START_MIB = 32

# A process starts with the peak of the one it was forked from, so a small one stands between.
PEAK = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=sys.stdout)
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak(*words):
    """(MiB at most, standard output) of keel with these words."""
    done = subprocess.run([sys.executable, "-c", PEAK, program("KEEL_BIN_RELEASE"), *map(str, words)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stderr.split()[-1]) / 1024, done.stdout


def written(folder):
    return sum(path.stat().st_size for path in folder.glob("wal-*.klw"))


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A run that was killed near its end, without snapshots that would spare anybody the record."""
    folder = tmp_path_factory.mktemp("huge")
    store = tool.market(folder, days=DAYS, symbols=SYMBOLS)
    flags = tool.words(store, "donchian_breakout", "--detail", "5m", symbols=SYMBOLS)
    words = [program("KEEL_BIN_RELEASE"), "trade", "paper", *map(str, flags), "--run"]
    run = subprocess.Popen([*words, folder / "run", "--batch", "256"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + tool.LIMIT_S
    while written(folder / "run" / "journal") < SIZE_MIB * MIB:
        assert time.monotonic() < deadline and run.poll() is None, "the run ended too early, or hangs"
        time.sleep(0.01)
    run.kill()
    run.wait()
    for path in (folder / "run" / "journal").glob("snap-*"):
        path.unlink()
    return folder / "run", words


def test_verify_and_replay_read_it_piece_by_piece(huge):
    """[T-128] [WAL-05.2] A quarter of its size at most, and that is the program itself for the most part."""
    run = huge[0]
    for words, says in ((["journal", "verify", run / "journal"], "every record is intact"), (["replay", run], "equal")):
        mib, out = peak(*words)
        assert says in out and mib < READERS_MIB < SIZE_MIB / 4, (words, mib, out[:500])


def up(words):
    """MiB at most of this run at real pace, up to where it answers: it has worked its journal through, and waits for the market."""
    run = subprocess.Popen([*words, "--speed", "real"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + tool.LIMIT_S
        while subprocess.run([words[0], "status", words[-1]], capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline and run.poll() is None, run.communicate()[1]
            time.sleep(0.05)
        with open(f"/proc/{run.pid}/status") as status:
            line, = (line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    finally:
        run.kill()
        run.communicate(timeout=60)


def test_a_start_works_it_through_piece_by_piece(huge, tmp_path):
    """[T-128] [WAL-05.2] What a start over it takes beyond a start without a journal, whose memory is the market's, is a quarter of its
    size at most: trades and equity, and none of the log's lines that it makes again."""
    run, words = huge
    again = tmp_path / "again"
    shutil.copytree(run, again, ignore=shutil.ignore_patterns("socket"))
    fresh, started = up([*words, os.fspath(tmp_path / "fresh")]), up([*words, os.fspath(again)])
    assert not list(again.glob("*.held"))
    assert started - fresh < START_MIB <= SIZE_MIB / 4, (fresh, started)
