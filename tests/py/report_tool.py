"""What the tests of reports share: a store, runs kept as folders, and folders changed by hand with a manifest that fits."""
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from browser import Browser

KEEL = os.environ.get("KEEL_BIN", str(Path(__file__).resolve().parents[2] / "build" / "keel"))


def keel(*words, code=0, cwd=None):
    done = subprocess.run([KEEL, *map(str, words)], capture_output=True, text=True, timeout=300, cwd=cwd)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr[-2000:]}"
    return done


def refused(*words, code, cwd=None):
    done = keel(*words, code=code, cwd=cwd)
    assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("keel: "), done.stderr
    return done.stderr


@pytest.fixture(scope="session")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """One backtest of two symbols kept as a folder, and the document that --json printed beside it."""
    home = tmp_path_factory.mktemp("report")
    keel("data", "synth", "--store", home / "store", "--venue", "synth-perp", "--symbols", "AAAUSDT,BBBUSDT", "--interval", "1h",
         "--days", 420, "--seed", 5)
    words = ["backtest", "run", "--store", home / "store", "--strategy", "trend", "--symbols", "AAAUSDT,BBBUSDT", "--timeframe",
             "1h", "--taker-fee-bps", "4.5", "--slippage-bps", "2"]
    done = keel(*words, "--run-dir", home / "run", "--export-trades", home / "t.csv", "--export-equity", home / "e.csv", "--json")
    document = json.loads(done.stdout)
    assert document["totals"]["trades"] > 30, "the market must make trades, else nothing is shown"
    return {"home": home, "words": words, "run": home / "run", "document": document, "printed": done.stdout}


@pytest.fixture(scope="session")
def other(base):
    folder = base["home"] / "other"
    keel(*base["words"], "--set", "leverage=2", "--run-dir", folder)
    return folder


def document(folder):
    return json.loads((Path(folder) / "summary.json").read_text())


def rows(folder, name):
    with open(Path(folder) / name, newline="") as f:
        return list(csv.DictReader(f))


def reseal(folder):
    """Make the manifest name the files as they are now."""
    path = Path(folder) / "manifest.json"
    manifest = json.loads(path.read_text())
    for name, entry in manifest["files"].items():
        data = (Path(folder) / name).read_bytes()
        entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(manifest, indent=2))


def csv_text(header, lines):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


def renamed(folder, to, names):
    """A copy of a run whose symbols have other names; returns the copy."""
    shutil.copytree(folder, to)
    for name in ("summary.json", "manifest.json"):
        def change(value):
            if isinstance(value, dict):
                return {k: change(v) for k, v in value.items()}
            if isinstance(value, list):
                return [change(v) for v in value]
            if isinstance(value, str):
                for old, new in names.items():
                    value = value.replace(old, new)
            return value
        (to / name).write_text(json.dumps(change(json.loads((to / name).read_text())), indent=2))
    for name, column in (("trades.csv", 2), ("candles.csv", 0)):
        with open(to / name, newline="") as f:
            header, *lines = csv.reader(f)
        for line in lines:
            line[column] = names.get(line[column], line[column])
        (to / name).write_text(csv_text(header, lines))
    reseal(to)
    return to


def many_trades(folder, to, count):
    """A copy of a run with its trades repeated until there are `count`; the documents are not touched."""
    shutil.copytree(folder, to)
    for name in ("trades.csv", "levels.csv"):
        with open(to / name, newline="") as f:
            header, *lines = csv.reader(f)
        (to / name).write_text(csv_text(header, [[str(i + 1), *lines[i % len(lines)][1:]] for i in range(count)]))
    with open(to / "stops.csv", newline="") as f:
        header, *lines = csv.reader(f)
    (to / "stops.csv").write_text(csv_text(header, [line for line in lines if int(line[0]) <= count]))
    reseal(to)
    return to


def rounded(value, places):
    """A figure of a document as the report shows it: half-even, thousands apart, a true minus sign."""
    number = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    text = f"{abs(number):,.{places}f}"
    return ("\u2212" if number < 0 and any(c in text for c in "123456789") else "") + text
