"""How the store behaves when it is large: load times, memory of an import, growth. Release build, generous limits."""
import subprocess
import sys
import time

from data_tool import bars, keel, keel_json, program, write

SYMBOLS = ",".join(f"S{i:03}USDT" for i in range(100))


def seconds(*words):
    began = time.monotonic()
    keel(*words, binary=program("KEEL_BIN_RELEASE"))
    return time.monotonic() - began


def test_ninety_days_of_3m_bars_for_100_symbols(tmp_path):
    """[DAT-03] Loaded and checked in under 5 s, without a cache and with one; 12 bytes a bar."""
    keel("data", "synth", "--store", tmp_path / "s", "--symbols", SYMBOLS, "--interval", "3m", "--days", 90,
         binary=program("KEEL_BIN_RELEASE"))
    check = ("data", "check", "--store", tmp_path / "s")
    cold, warm = seconds(*check), seconds(*check)
    size = (tmp_path / "s" / "store.db").stat().st_size
    print(f"cold {cold:.2f} s, warm {warm:.2f} s, {size / 4320000:.1f} bytes per bar")
    assert cold < 5.0 and warm < 5.0
    assert size < 4320000 * 20


# A process starts with the peak of the one it was forked from, so a small one stands between.
PEAK = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_an_import_needs_little_memory_whatever_the_size(tmp_path):
    """[DAT-01] Peak memory of 600,000 bars within 1.5 times that of 60,000, and under 100 MB."""
    peaks = []
    for count in (60000, 600000):
        path = write(tmp_path / f"{count}.csv.gz", bars(count))
        run = subprocess.run([sys.executable, "-c", PEAK, program("KEEL_BIN_RELEASE"), "data", "import", str(path),
                              "--store", str(tmp_path / f"s{count}"), "--venue", "v-perp", "--symbol", "AAA",
                              "--interval", "1m"], stdout=subprocess.PIPE, text=True, check=True, timeout=300)
        peaks.append(int(run.stdout))
    print(f"peaks {peaks} KiB")
    assert peaks[1] < 1.5 * peaks[0] and peaks[1] < 100 * 1024


def test_appending_to_a_long_series_touches_one_month(tmp_path):
    """[DAT-03] One bar more on three years of minutes is quick, and only the last month's partition is rewritten."""
    keel("data", "synth", "--store", tmp_path / "a", "--symbols", "AAA", "--interval", "1m", "--days", 1096,
         binary=program("KEEL_BIN_RELEASE"))
    all_ = ("--venue", "synth-perp", "--symbol", "AAA", "--interval", "1m")
    keel("data", "export", "--store", tmp_path / "a", *all_, "--output", tmp_path / "a.csv",
         binary=program("KEEL_BIN_RELEASE"))
    lines = (tmp_path / "a.csv").read_text().split("\n")[1:-1]
    store = ("--store", tmp_path / "b", "--venue", "v-perp", "--symbol", "AAA", "--interval", "1m")
    keel("data", "import", write(tmp_path / "most.csv", lines[:-1]), *store, binary=program("KEEL_BIN_RELEASE"))
    path = write(tmp_path / "last.csv", lines[-1:])
    took = seconds("data", "import", path, *store)
    print(f"one bar onto {len(lines) - 1}: {took * 1000:.0f} ms")
    assert took < 1.0
    assert keel("data", "export", "--store", tmp_path / "b", "--venue", "v-perp", *all_[2:],
                binary=program("KEEL_BIN_RELEASE"))[0].split("\n")[1:-1] == lines
    listed = keel_json("data", "list", "--store", tmp_path / "b")["series"][0]
    assert listed["rows"] == len(lines) and listed["generation"] >= 2
