"""Limits of a run: what it may take is told before it begins, and a limit never leaves half a file behind. [T-236]"""

import json
import os
import re
import resource
import subprocess
from pathlib import Path

import pytest

KEEL = os.environ.get("KEEL_BIN_RELEASE") or os.environ["KEEL_BIN"]  # sanitizers need memory of their own
RUN = ["--venue", "synth-perp", "--symbols", "BTCUSDT", "--timeframe", "1m", "--strategy", "ema_cross",
       "--accept-moves"]
MIB = 1 << 20


def keel(*words, limit=None):
    """Exit status, standard error and peak MiB of one call under a limit (resource, bytes). Of peaks, only what is well
    above the interpreter's own means something: Linux counts the memory of whoever forked a child as the child's."""
    setup = (lambda: resource.setrlimit(limit[0], (limit[1], limit[1]))) if limit else None
    with subprocess.Popen([KEEL, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          preexec_fn=setup) as child:
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, said, usage.ru_maxrss / 1024


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A market of 600,000 minutes; loaded once, so that its cache lies ready."""
    folder = tmp_path_factory.mktemp("limits") / "store"
    assert keel("data", "synth", "--store", folder, "--symbols", "BTCUSDT", "--interval", "1m", "--bars", 600_000,
                "--start", "2023-01-01")[0] == 0
    assert keel("backtest", "run", "--store", folder, *RUN, "--no-baselines")[0] == 0
    return folder


def needed_mib(said):
    return int(re.search(r"about (\d+) MiB are needed", said)[1])


def test_a_run_above_the_named_limit_is_refused_before_it_loads(store, tmp_path):
    """[T-236] exit 3, one line with need, limit and ways out, nothing written."""
    out = tmp_path / "trades.csv"
    status, said, _ = keel("backtest", "run", "--store", store, *RUN, "--max-memory-mb", 20, "--export-trades",
                                  out)
    assert status == 3 and said.count("\n") == 1
    assert "600000 main bars" in said and "--max-memory-mb leaves 20: shorten --timerange" in said
    assert not out.exists()
    assert keel("backtest", "run", "--store", store, *RUN, "--max-memory-mb", needed_mib(said), "--export-trades",
                out)[0] == 0
    assert out.exists()


@pytest.mark.parametrize("more", [["--no-baselines"], [], ["--export-equity", os.devnull]])
def test_the_estimate_is_what_a_run_takes(store, more, tmp_path):
    """[T-236] within a third: too low would let a run die half way, too high would refuse what fits."""
    words = ["backtest", "run", "--store", store, *RUN, *(str(tmp_path / "e.csv") if w == os.devnull else w for w in more)]
    estimate = needed_mib(keel(*words, "--max-memory-mb", 1)[1])
    status, said, peak_mib = keel(*words)
    assert status == 0, said
    assert 3 / 4 < estimate / peak_mib < 4 / 3, (estimate, peak_mib)


def test_bars_made_from_finer_ones_count_both(store):
    """[T-236] a daily run over minutes loads the minutes."""
    words = ["backtest", "run", "--store", store, *(("1d" if word == "1m" else word) for word in RUN), "--no-baselines"]
    estimate = needed_mib(keel(*words, "--max-memory-mb", 1)[1])
    assert 600_000 * 48 / MIB < estimate < 2 * 600_000 * 48 / MIB


def test_the_limit_of_the_shell_is_respected(store):
    """[T-236] ulimit -v: refused with a line that names it, before memory runs out."""
    status, said, _ = keel("backtest", "run", "--store", store, *RUN, limit=(resource.RLIMIT_AS, 64 * MIB))
    assert status == 3 and said.count("\n") == 1
    assert "the limit of this shell (ulimit -v) leaves" in said


def test_markets_that_confirm_keeps_give_way(tmp_path):
    """[T-236] what fits alone fits behind a trial of another market, too: of those, one is let go for it."""
    places = ("--sweeps", tmp_path / "sweeps")
    assert keel("data", "synth", "--store", tmp_path / "store", "--symbols", "BTCUSDT,ETHUSDT", "--interval", "5m", "--bars", 144_000)[0] == 0
    assert keel("sweep", "run", "--store", tmp_path / "store", "--strategy", "ema_cross", "--symbols", "ETHUSDT", "--timeframe", "5m",
                "--param", "gate_btc=false,true", "--accept-moves", *places, "--ledger", tmp_path / "ledger")[0] == 0
    folder, = (tmp_path / "sweeps").iterdir()
    alone, both = (json.loads((folder / "trials.jsonl").read_text().splitlines()[2])["trial_hash"],), (folder.name, "--all")
    least = 40
    status, said, _ = keel("sweep", "confirm", *alone, *places, limit=(resource.RLIMIT_AS, least * MIB))
    assert status == 3 and "2 symbols" in said
    least += needed_mib(said) - int(re.search(r"leaves (\d+)", said)[1]) + 6  # what the allocator keeps; the other market takes 12
    for which in (alone, both):
        assert keel("sweep", "confirm", *which, *places, limit=(resource.RLIMIT_AS, least * MIB))[:2] == (0, "")


def test_a_file_limit_leaves_no_half_file(store, tmp_path):
    """[T-236] ulimit -f: the program lives to say why, and takes away what it began."""
    out = tmp_path / "equity.csv"
    status, said, _ = keel("backtest", "run", "--store", store, *RUN, "--no-baselines", "--export-equity", out,
                           limit=(resource.RLIMIT_FSIZE, 1 * MIB))
    assert status == 1 and said.count("\n") == 1
    assert f"cannot write: {out}: File too large: raise the limit of this shell (ulimit -f)" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path, line", [
    ("nowhere.yaml", "No such file or directory: check the name"),
    (".", "Is a directory: name a file in that folder"),
])
def test_a_file_that_cannot_be_read_says_how_to_mend_it(path, line, tmp_path):
    status, said, _ = keel("config", "check", "--config", Path(tmp_path, path))
    assert status in (1, 4) and line in said
