"""A journal of some hundred mebibytes, worked through in a bounded amount of memory. [T-128] [WAL-05.2]"""
# time limit: 420 s
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
    words = [program("KEEL_BIN_RELEASE"), "trade", "paper", *flags, "--batch", 256, "--run", folder / "run"]
    run = subprocess.Popen([*map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + tool.LIMIT_S
    while written(folder / "run" / "journal") < SIZE_MIB * MIB:
        assert time.monotonic() < deadline and run.poll() is None, "the run ended too early, or hangs"
        time.sleep(0.01)
    run.kill()
    run.wait()
    for path in (folder / "run" / "journal").glob("snap-*"):
        path.unlink()
    return folder / "run"


def test_verify_and_replay_read_it_piece_by_piece(huge):
    """[T-128] [WAL-05.2] A quarter of its size at most, and that is the program itself for the most part."""
    for words, says in ((["journal", "verify", huge / "journal"], "every record is intact"), (["replay", huge], "equal")):
        mib, out = peak(*words)
        assert says in out and mib < READERS_MIB < SIZE_MIB / 4, (words, mib, out[:500])
