"""A newcomer's first hour, with a mistake at each step: own candles, a run, its report, an own strategy. Each mistake is
answered by one line that says what, where and how to mend it, with the documented exit code, and leaves nothing behind.
[BKT-02] [STR-02] [T-229] [T-359]"""
# time limit: 180 s
import json
import os
import random
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from user_place import fast_compiler

KEEL = os.environ.get("KEEL_BIN", str(Path(__file__).resolve().parents[2] / "build" / "keel"))
START_MS, HOUR_MS, BARS = 1704067200000, 3600_000, 400


def candles():
    draw, price, rows = random.Random(3), 100.0, []
    for i in range(BARS):
        close = price * (1 + draw.gauss(0, 0.006))
        high, low = max(price, close) * 1.002, min(price, close) * 0.998
        rows.append([str(START_MS + i * HOUR_MS), *(f"{v:.2f}" for v in (price, high, low, close)), "12.5"])
        price = close
    return rows


def write(path, rows, header="ts_ms,open,high,low,close,volume", apart=","):
    path.write_text("".join(apart.join(row) + "\n" for row in ([header] if header else [], *rows) if row))


def spoilt(row, column, value):
    rows = candles()
    rows[row][column] = value
    return rows


def with_strategy(place, old, new):
    text = (place / "mine.c").read_text()
    assert old in text, old
    (place / "wrong.c").write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder in which everything was done right once."""
    place = tmp_path_factory.mktemp("newcomer")
    write(place / "own.csv", candles())
    rows = candles()
    for name, at in (("own", rows), ("hole", rows[:150] + rows[190:])):
        write(place / f"{name}.csv", at)
        keel(place, "data", "import", f"{name}.csv", "--store", name, "--venue", "mine-spot", "--symbol", "BTCUSDT",
             "--interval", "1h")
    keel(place, "data", "import", "own.csv", "--store", "swap", "--venue", "mine", "--symbol", "BTCUSDT", "--interval", "1h")
    keel(place, "strategy", "new", "mine.c")
    first = keel(place, *run("mine.c"), "--run-dir", "first").stdout
    assert first.startswith("mine on BTCUSDT, 1h bars\nVerdict: ") and (place / "first/report.html").stat().st_size > 10_000
    return place


def keel(place, *words, code=0):
    done = subprocess.run([KEEL, *words], cwd=place, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def run(strategy="ema_cross", *more, store="own"):
    return ["backtest", "run", "--store", store, "--strategy", strategy, "--symbols", "BTCUSDT", "--timeframe", "1h", *more]


def left(place):
    own = ("wrong.c", "wrong.csv", "cache")  # what the test writes, and columns that a reader may keep beside its store
    return sorted(str(p.relative_to(place)) for p in place.rglob("*") if not set(own) & {p.name, p.parent.name})


def mistake(place, code, *words):
    """The line; nothing else is on stdout, and nothing new in the folder."""
    before = left(place)
    done = keel(place, *words, code=code)
    said = [line for line in done.stderr.splitlines() if line.startswith("keel: ")]
    assert len(said) == 1 and done.stderr.splitlines()[-1] == said[0] and done.stdout == "", done.stdout + done.stderr
    assert len(re.split(r": |; ", said[0])) >= 3, f"what: where: how: {said[0]}"
    assert left(place) == before
    return said[0]


FILES = [
    ("semicolons", lambda p: write(p, candles(), "Date;Open;High;Low;Close;Volume", ";"), "apart by ';', not ','"),
    ("tabs", lambda p: write(p, candles(), "Date\tOpen\tHigh\tLow\tClose\tVolume", "\t"), "apart by tabs"),
    ("no header", lambda p: write(p, candles(), None), "wrong.csv:1: no header '1704067200000,"),
    ("other names", lambda p: write(p, candles(), "Date,Open,High,Low,Close,Volume"), "unknown header 'Date,Open"),
    ("a column short", lambda p: write(p, [r[:5] for r in candles()]), "wrong.csv:2: wrong number of fields"),
    ("bad date", lambda p: write(p, spoilt(100, 0, "2024-13-45")), "wrong.csv:102: ts_ms is not a time"),
    ("a word", lambda p: write(p, spoilt(100, 4, "abc")), "wrong.csv:102: close is not a finite number"),
    ("no price", lambda p: write(p, spoilt(100, 4, "")), "wrong.csv:102: close is empty"),
    ("high too low", lambda p: write(p, spoilt(100, 2, "1.0")), "wrong.csv:102: high or low does not enclose"),
    ("backwards", lambda p: write(p, candles()[::-1]), "wrong.csv:3: ts_ms comes before the row above it"),
    ("empty", lambda p: p.write_text(""), "wrong.csv: the file is empty"),
    ("no file of text", lambda p: p.write_bytes(bytes(range(256)) * 9), "wrong.csv:1: unknown header"),
]


@pytest.mark.parametrize("make, said", [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_candles_in_another_shape(place, make, said):
    make(place / "wrong.csv")
    assert said in mistake(place, 3, "data", "import", "wrong.csv", "--store", "none", "--venue", "mine-spot", "--symbol",
                           "BTCUSDT", "--interval", "1h")


WHOLE = "--columns ts_ms,open,high,low,close,volume"
SECONDS = [[f"{int(r[0]) // 1000}.0", *r[1:]] for r in candles()]
DATES = [[time.strftime("%Y-%m-%d %H:%M", time.gmtime(int(r[0]) // 1000)), *r[1:]] for r in candles()]
SHAPES = [
    ("Date;Open", lambda p: write(p, candles(), "Date;Open;High;Low;Close;Volume", ";"), WHOLE + " --apart ';'"),
    ("tabs", lambda p: write(p, candles(), "time\topen\thigh\tlow\tclose\tvol", "\t"), WHOLE + " --apart tab"),
    ("no header", lambda p: write(p, candles(), None), WHOLE),
    ("seconds", lambda p: write(p, SECONDS), "--time s"),
    ("dates", lambda p: write(p, [[f'"{c}"' for c in r] for r in DATES], '"Date","O","H","L","C","V"'), WHOLE + " --time utc"),
    ("archive", lambda p: write(p, [[r[0] + "000", *r[1:], r[0], "1", "2", "3", "4", "0"] for r in candles()], None),
     WHOLE + ",-,-,-,-,-,- --time us"),
    ("a mark of byte order", lambda p: (write(p, candles(), None), p.write_bytes(b"\xef\xbb\xbf" + p.read_bytes())), WHOLE),
    ("another order", lambda p: write(p, [[r[5], r[4], *r[1:4], r[0] + "000000"] for r in candles()], "v,c,o,h,l,t"),
     "--columns volume,close,open,high,low,ts_ms --time ns"),
]


@pytest.mark.parametrize("make, options", [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_candles_of_another_shape_are_told(place, tmp_path, make, options):
    """[BKT-08] Columns, separator and unit of time as options: the same bars as from the form of csv.md, to the hash. Where
    the header's names tell, the refusal has the options ready."""
    make(tmp_path / "wrong.csv")
    words = ["data", "import", "wrong.csv", "--store", "told", *IMPORT, "1h"]
    refused = keel(tmp_path, *words, code=3).stderr
    told = shlex.split(refused[refused.index("--columns"):]) if "if these are candles, add" in refused else shlex.split(options)
    assert set(told) <= set(shlex.split(options)), refused
    done = json.loads(keel(tmp_path, *words, *shlex.split(options), "--json").stdout)
    wanted = json.loads(keel(place, "data", "import", "own.csv", "--store", "own", *IMPORT, "1h", "--json").stdout)
    assert done["rows_accepted"] == BARS and done["dataset_hash"] == wanted["dataset_hash"]
    assert json.loads(keel(tmp_path, *words, *shlex.split(options), "--json").stdout)["files"][0]["already_imported"]


TOLD_WRONG = [
    ("close as open", lambda p: write(p, candles(), "time,close,high,low,open,volume"), WHOLE,
     "wrong.csv:1: the column 'close' is told as open"),
    ("ms as s", lambda p: write(p, candles()), "--time s", "wrong.csv:2: ts_ms is not in the unit of --time"),
    ("ms as us", lambda p: write(p, candles()), "--time us", "wrong.csv:2: ts_ms is not in the unit of --time"),
    ("ms as ns", lambda p: write(p, candles()), "--time ns", "wrong.csv:2: ts_ms is not in the unit of --time"),
    ("a first row without time", lambda p: write(p, spoilt(0, 0, ""), None), WHOLE, "wrong.csv:1: ts_ms is empty"),
    ("decimal commas", lambda p: write(p, [[c.replace(".", ",") for c in r] for r in candles()], "t;o;h;l;c;v", ";"),
     WHOLE + " --apart ';'", "wrong.csv:2: open is not a finite number"),
]


@pytest.mark.parametrize("make, options, said", [t[1:] for t in TOLD_WRONG], ids=[t[0] for t in TOLD_WRONG])
def test_a_shape_that_is_told_wrong(place, make, options, said):
    """Nothing is taken for what it is not: no swapped price, no other unit, no row for a header."""
    make(place / "wrong.csv")
    assert said in mistake(place, 3, "data", "import", "wrong.csv", "--store", "none", *IMPORT, "1h", *shlex.split(options))


IMPORT = ["--venue", "mine-spot", "--symbol", "BTCUSDT", "--interval"]
WORDS = [
    (4, ["data", "import", "absent.csv", "--store", "none", *IMPORT, "1h"], "no such file: absent.csv"),
    (3, ["data", "import", "own.csv", "--store", "none", *IMPORT, "5m"], "the bars are 1h apart, not 5m"),
    (2, ["data", "import", "own.csv", "--store", "none", *IMPORT, "1h", "--columns", "ts_ms,price"], "is no column of keel's"),
    (2, ["data", "import", "own.csv", "--store", "none", *IMPORT, "1h", "--columns", "ts_ms,open"], "columns are missing"),
    (2, ["data", "import", "own.csv", "--store", "none", *IMPORT, "1h", "--columns", "open,open"], "stands twice"),
    (3, ["data", "import", "own.csv", "--store", "none", *IMPORT, "1h", *WHOLE.split(), "--apart", ";"],
     "own.csv:1: 1 column, and --columns names 6"),
    (2, ["data", "import", "own.csv", "--store", "none", *IMPORT, "1h", "--time", "days"], "is no unit of time"),
    (2, ["data", "import", "own.csv", "--store", "none", *IMPORT, "1q"], "'1q' is not a candle interval"),
    (4, ["data", "import", "own.csv", "--store", "own.csv", *IMPORT, "1h"], "own.csv: it is a file, and a store is a folder"),
    (1, ["data", "import", "own.csv", "--store", "no/where", *IMPORT, "1h"], "the folder above it is not there"),
    (2, ["data", "imprt", "own.csv"], "nearest is 'import'"),
    (4, run(store="absent"), "no store: absent: make one with keel data import"),
    (4, run(store="own.csv"), "own.csv: it is a file, and a store is a folder"),
    (4, [*run()[:-3], "ETHUSDT", *run()[-2:]], "the store holds mine-spot BTCUSDT 1h"),
    (2, [*run()[:-3], "BTC/USDT:USDT", *run()[-2:]], "'BTC/USDT:USDT' has marks: symbols: write it BTCUSDT"),
    (2, run("ema_crss"), "nearest is 'ema_cross'"),
    (3, run(store="swap"), "candles of a spot market are imported with --market spot"),
    (3, run(store="hole"), "missing bars: 40"),
    (2, run("mine.c", "--set", "fsat=9"), "nearest is 'strategy.fast'"),
    (2, run("mine.c", "--set", "fast=nine"), "is not a whole number"),
    (2, run("mine.c", "--set", "fast=100000"), "give 2 to 500 bars"),
    (2, run("mine.c", "--leverge", "2"), "nearest is '--leverage'"),
    (2, run("mine.c", "--timerange", "20240301-20240101"), "put the earlier end first"),
    (2, run("mine.c", "--timerange", "20300101-"), "data covers 2024-01-01T00:00Z"),
    (2, run("mine.c", "--run-dir", "own.csv"), "will not write over: own.csv"),
    (2, run("mine.c", "--run-dir", "first", "--set", "fast=9"), "add --force to replace it"),
    (1, run("mine.c", "--report", "."), "cannot write: ."),
    (4, run("mine.c", "--export-trades", "no/where.csv"), "no/where.csv"),
    (4, run("absent.c"), "'keel strategy new absent.c' writes one"),
    (2, ["strategy", "new", "mine.c"], "there is a file already: mine.c"),
    (2, ["strategy", "new", "mine.py"], "rename it, such as my_idea.c"),
    (4, ["report", "absent"], "no such run: absent"),
    (4, ["report", "own"], "not a run folder: own"),
    (4, ["replay", "own"], "no run: own: it holds no journal"),
    (4, ["replay", "first"], "no run: first: it holds no journal"),
    (4, ["replay", "own.csv"], "no run: own.csv: no such folder"),
    (4, ["replay", "absent"], "no run: absent: no such folder"),
    (2, ["init", "own.csv"], "is not a folder: own.csv"),
]


@pytest.mark.parametrize("code, words, said", WORDS, ids=[" ".join(w[1])[:70] for w in WORDS])
def test_words_that_are_mistaken(place, code, words, said):
    assert said in mistake(place, code, *words)


CODE = [
    (2, "buy();", "buy()", "wrong.c:34: expected ';' before 'if'"),
    (2, "param(most)) buy", "param(mst)) buy", "wrong.c:33: PARAMS has no row 'mst'"),
    (2, "leave();", 'printf("x");', "'printf' is not in a strategy's language"),
    (1, "if (view->side > 0 && !up) leave();", "if (100 / view->side > 3) leave();", "zero"),  # a compiler may trap it
    (1, "if (view->side > 0 && !up) leave();", "for (;;) { }", "look for a loop that does not end"),
]


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """What is told of a strategy does not hang on how well it is optimised."""
    monkeypatch.setenv("KEEL_CC", str(fast_compiler(tmp_path)))


@pytest.mark.parametrize("code, old, new, said", CODE, ids=[c[3][:40] for c in CODE])
def test_a_strategy_with_a_mistake(place, quick, monkeypatch, code, old, new, said):
    if said == "zero":
        monkeypatch.delenv("KEEL_CC")  # what is left of it when it is optimised
    with_strategy(place, old, new)
    assert said in mistake(place, code, *run("wrong.c", "--strategy-timeout", "0.3", "--run-dir", "never"))


def test_signals_that_are_never_ready_are_told_on_the_first_page(place, quick):
    """No trade, and why: the run's notes stand on the page, not behind --all."""
    with_strategy(place, "S(rsi, RSI, CLOSE, 14)", "S(rsi, RSI, CLOSE, 5000)")
    page = keel(place, *run("wrong.c")).stdout
    assert "There was no trade at all." in page and "in its first 5000 bars not every signal is ready" in page
