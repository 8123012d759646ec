"""Where the tests of users' strategies run keel: a folder with a synthetic market, and a cache of compiled files."""
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
KEEL = os.environ["KEEL_BIN_RELEASE"]
TABLES = '#define VERSION "1.0.0"\n#define SENTENCE "a test"\n'
FORM = TABLES + '#include "strategy.def"\n'


class Place:
    """A folder with a store of a synthetic market, and a cache of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder),
                    "KEEL_CC": str(fast_compiler(folder))}
        self.keel("data", "synth", "--store", "store", "--symbols", "BTCUSDT,ETHUSDT", "--interval", "1h", "--bars", "4000",
                  "--seed", "3")

    def call(self, *words, keel=KEEL, **env):
        return subprocess.run([keel, *map(str, words)], cwd=self.folder, env={**self.env, **env}, capture_output=True,
                              text=True, timeout=120)

    def keel(self, *words, **more):
        done = self.call(*words, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def backtest(self, strategy, *words, **more):
        return self.call("backtest", "run", "--store", "store", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h",
                         "--no-baselines", "--strategy", strategy, "--json", *words, **more)

    def result(self, strategy, *words, **more):
        done = self.backtest(strategy, *words, **more)
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def objects(self):
        return sorted(p.name for p in (self.folder / "cache/keel/strategies").iterdir())


def line(done):
    """The one error line."""
    lines = [text for text in done.stderr.splitlines() if text.startswith("keel: ") and not text.startswith("keel: warning")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def fast_compiler(folder, compiler="cc"):
    """The system's compiler without optimisation: the same bits, sooner; not all it warns of when it optimises."""
    path = folder / f"{compiler}0"
    path.write_text(f'#!/bin/sh\nexec {compiler} "$@" -O0\n')
    path.chmod(0o755)
    return path
