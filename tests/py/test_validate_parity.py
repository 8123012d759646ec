"""keel validate parity: a sweep's lanes, the plain loop and the paper engine over one recorded market [SWP-05.2]; and what
becomes of a system whose three ways differ."""
import csv
import fcntl
import json
import os
import re
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

import data_tool as tool
from parity import OWN
from user_place import FORM, fast_compiler

SYMBOLS = "BTCUSDT,ETHUSDT"
WINDOW = ("--timerange", "20230110-20230124")
IDLE = ("no_trade",)  # strategies that do not trade on this market


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", SYMBOLS, "--interval", "5m", "--days", 30, "--also", "1h",
              "--seed", 11)
    return folder


def words(store, strategy="trend"):
    return ("--store", store, "--strategy", strategy, "--symbols", SYMBOLS, "--timeframe", "1h")


@pytest.fixture(scope="module")
def papers(store, tmp_path_factory):
    """A paper run, and one whose orders take two minutes to arrive."""
    folder = tmp_path_factory.mktemp("papers")
    for name, more in (("plain", ()), ("late", ("--latency-ms", 120000))):
        tool.keel("trade", "paper", *words(store), *WINDOW, "--run", folder / name, "--no-baselines", *more)
    return folder


def run(folder, *more, code=0):
    """The document, and what was said on stderr; the command runs in `folder`, which is no home."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run([tool.program(), "validate", "parity", *map(str, more), "--json"], capture_output=True, text=True,
                          timeout=200, cwd=folder, env={k: v for k, v in os.environ.items() if k != "KEEL_HOME"})
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout), done.stderr


def doctor(folder):
    done = subprocess.run([tool.program(), "doctor", "--json"], capture_output=True, text=True, timeout=100, cwd=folder)
    return {c["name"]: c for c in json.loads(done.stdout)["checks"]}


def status(folder):
    return json.loads((folder / "artifacts/parity/status.json").read_text())


def day():
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def sides(document):
    return {side["name"]: side for side in document["sides"]}


def test_the_last_two_weeks(store, tmp_path):
    """[SWP-05.2] Without a word about time the last 14 days; one state hash and one list of trades, those of the backtest;
    the report lies under its date, and the system is validated."""
    before = day()
    document, err = run(tmp_path, *words(store))
    assert document["range"] == "2023-01-17T00:00:00.000Z..2023-01-31T00:00:00.000Z" and err == ""
    backtest = tool.keel_json("backtest", "run", *words(store), "--timerange", "20230117-20230131", "--no-baselines")
    assert {side["state_hash"] for side in document["sides"]} == {backtest["state_hash"]}
    assert {side["trades"] for side in document["sides"]} == {backtest["totals"]["trades"]} and backtest["totals"]["trades"] > 5
    assert list(sides(document)) == ["replay", "sweep", "paper"]
    assert document["equal"] and document["difference"] is None and document["first_diverging_trade"] is None
    assert document["dataset_hash"] == backtest["dataset_hash"]
    for row in document["per_symbol"]:
        assert row["replay"] == row["sweep"] == row["paper"]
    report = tmp_path / (document["report"] + ".json")
    assert json.loads(report.read_text()) == document
    assert report.parent == tmp_path / "artifacts/parity" and report.stem in (before, day())
    assert "validated" in report.with_suffix(".md").read_text()
    assert status(tmp_path)["validated"] is True
    assert doctor(tmp_path)["parity"]["status"] == "OK"
    assert doctor(tmp_path)["parity"]["found"].startswith("validated")


@pytest.mark.parametrize("strategy", OWN)
def test_every_strategy(store, tmp_path, strategy):
    """[SWP-05.1] [SWP-05.2] No tolerance: every built-in strategy, finer bars, and on a device for two of them."""
    device = ("--device", "opencl") if strategy in ("trend", "ema_cross") else ()
    document, _ = run(tmp_path, *words(store, strategy), "--detail", "5m", "--days", "20", *device)
    assert document["equal"] and len({(side["state_hash"], side["trades"]) for side in document["sides"]}) == 1
    assert (sides(document)["replay"]["trades"] > 0) == (strategy not in IDLE)
    assert (document["device"] != "cpu") == bool(device)


def test_a_paper_run_from_its_journal(papers, tmp_path):
    """[SWP-05.2] Configuration, window and market are those of the run; no store is needed."""
    manifest = json.loads((papers / "plain/manifest.json").read_text())
    document, _ = run(tmp_path, "--paper", papers / "plain")
    assert {side["state_hash"] for side in document["sides"]} == {manifest["state_hash"]}
    assert document["equal"] and document["paper_run"] == manifest["run_id"]
    assert document["config_id"] == manifest["config_id"] and document["dataset_hash"] == manifest["dataset_hash"]


def trades(folder):
    with open(folder / "trades.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_paper_run_that_differs(store, papers, tmp_path):
    """[SWP-05.2] Orders that came late: exit code 6, the first diverging trade, and a system that is not validated until a
    later report of it is equal; another system's does not mend it, and the report of the breach stays."""
    document, err = run(tmp_path, "--paper", papers / "late", code=6)
    assert "not validated" in err and document["report"] in err
    plain, late = trades(papers / "plain"), trades(papers / "late")
    keys = ("symbol", "side", "entry_ts", "exit_ts", "qty", "pnl_usd")
    first = next(i for i, pair in enumerate(zip(plain, late)) if any(pair[0][key] != pair[1][key] for key in keys))
    found = document["first_diverging_trade"]
    assert found["trade"] == first + 1 and document["difference"]["what"].startswith(f"trade {first + 1} ")
    for side, rows in (("replay", plain), ("paper", late)):
        assert all(found[side][key] == rows[first][key] for key in ("symbol", "side", "entry_ts", "exit_ts"))
    by_name = sides(document)
    assert by_name["replay"]["state_hash"] == by_name["sweep"]["state_hash"] != by_name["paper"]["state_hash"]
    assert by_name["paper"]["events"] and by_name["replay"]["events"] and by_name["replay"]["decisions"]

    assert status(tmp_path)["validated"] is False
    seen = doctor(tmp_path)["parity"]
    assert seen["status"] == "WARN" and "not validated: trend" in seen["found"]
    done = subprocess.run([tool.program(), "trade", "paper", *map(str, words(store)), *WINDOW, "--run", "again", "--no-baselines"],
                          capture_output=True, text=True, timeout=200, cwd=tmp_path)
    assert done.returncode == 0 and re.search("warning: not validated: trend .*artifacts/parity/", done.stderr)

    breach = Path(tmp_path / (document["report"] + ".json")).read_bytes()
    run(tmp_path, *words(store, "momentum"))
    assert status(tmp_path)["validated"] is False
    mended, _ = run(tmp_path, "--paper", papers / "plain")
    assert status(tmp_path)["validated"] is True and doctor(tmp_path)["parity"]["status"] == "OK"
    assert Path(tmp_path / (document["report"] + ".json")).read_bytes() == breach and mended["report"] != document["report"]
    assert [s["subject"].split()[0] for s in status(tmp_path)["subjects"]] == ["momentum", "trend"]


def test_a_record_that_contradicts_itself(papers, tmp_path):
    """[SWP-05.2] A manifest with another end than its journal is a breach as well, told with both hashes."""
    copy = tmp_path / "copy"
    shutil.copytree(papers / "plain", copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    text = (copy / "manifest.json").read_text()
    wrong = ("0" if manifest["state_hash"][0] != "0" else "1") + manifest["state_hash"][1:]
    (copy / "manifest.json").write_text(text.replace(manifest["state_hash"], wrong))
    document, _ = run(tmp_path, "--paper", copy, code=6)
    assert document["difference"]["what"] == "it contradicts itself"
    assert manifest["state_hash"] in document["difference"]["paper"] and wrong in document["difference"]["paper"]
    assert sides(document)["paper"]["trades"] is None and status(tmp_path)["validated"] is False


CRASHING = FORM + "DECIDE { if (100 / view->side > 3) buy(); }\n"


def test_a_strategy_of_a_file(store, tmp_path, monkeypatch):
    """[SWP-05.2] Each way in a child of its own: from the store, and from the journal of its paper run. Orders that came
    late are a breach, with what the file decided; one that crashes is told, and not validated."""
    monkeypatch.setenv("KEEL_CC", str(fast_compiler(tmp_path)))
    monkeypatch.chdir(tmp_path)
    tool.keel("strategy", "new", "mine.c")
    document, _ = run(tmp_path, *words(store, "mine.c"))
    backtest = tool.keel_json("backtest", "run", *words(store, "mine.c"), "--timerange", "20230117-20230131", "--no-baselines")
    assert {side["state_hash"] for side in document["sides"]} == {backtest["state_hash"]}
    assert {side["trades"] for side in document["sides"]} == {backtest["totals"]["trades"]} and backtest["totals"]["trades"] > 5
    assert "guarded" in sides(document)["sweep"]["what"]
    for name, more, code in (("good", (), 0), ("late", ("--latency-ms", 120000), 6)):
        tool.keel("trade", "paper", *words(store, "mine.c"), *WINDOW, "--run", name, "--no-baselines", *more)
        document, err = run(tmp_path, "--paper", name, code=code)
        assert document["equal"] == (code == 0) and len({side["state_hash"] for side in document["sides"]}) == 1 + (code != 0)
    decided = sides(document)["replay"]["decisions"]
    opened = document["first_diverging_trade"]["replay"]["entry_ts"]
    assert any(d["ts"] == opened and d["command"] for d in decided)
    assert "needs the processor" in tool.refused("validate", "parity", *words(store, "mine.c"), "--device", "opencl", code=2)
    (tmp_path / "bad.c").write_text(CRASHING)
    # The release program: in a guarded child AddressSanitizer adds lines of its own to a crash.
    line = tool.refused("validate", "parity", *words(store, "bad.c"), code=1, binary=tool.program("KEEL_BIN_RELEASE"))
    assert "bad.c" in line
    assert sorted(s["subject"].split()[0] for s in status(tmp_path)["subjects"] if not s["equal"]) == ["bad", "mine"]


@pytest.mark.parametrize("more,line,code", [
    (("--paper", "nowhere", "--days", "3"), "leave it out", 2), (("--paper", "nowhere", "--symbols", "X"), "leave it out", 2),
    (("--paper", "nowhere"), "no such run", 4), (("--days", "0"), "--days", 2),
    (("--strategy", "trend,ema_cross"), "one at a time", 2), ((), "--store", 2)])
def test_what_cannot_be_is_refused(store, tmp_path, more, line, code):
    given = words(store)[:2] + words(store)[4:] if "trend,ema_cross" in more else words(store) if "--days" in more else ()
    assert line in tool.refused("validate", "parity", "--artifacts", tmp_path / "a", *given, *more, code=code)
    assert not (tmp_path / "a").exists()


def test_a_backtest_is_no_paper_run(store, tmp_path):
    tool.keel("backtest", "run", *words(store), *WINDOW, "--run-dir", tmp_path / "b", "--no-baselines")
    assert "not a paper run" in tool.refused("validate", "parity", "--paper", tmp_path / "b", code=2)


def test_a_damaged_status_is_not_believed(store, tmp_path):
    """Nobody is validated by a file that cannot be read, and it is not overwritten."""
    run(tmp_path, *words(store))
    path = tmp_path / "artifacts/parity/status.json"
    path.write_text(path.read_text()[:-20])
    assert doctor(tmp_path)["parity"]["status"] == "WARN"
    done = subprocess.run([tool.program(), "validate", "parity", *map(str, words(store))], capture_output=True, text=True,
                          timeout=200, cwd=tmp_path)
    assert done.returncode == 6 and "not a status of parity" in done.stderr


def flip_line(path):
    """Another digit in the last row of a table."""
    text = path.read_text().rstrip("\n")
    at = max(text.rfind(digit) for digit in "0123456789")
    path.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1:] + "\n")


def flip_byte(path):
    bytes_ = bytearray(path.read_bytes())
    at = len(bytes_.rstrip(b"\0")) // 2
    bytes_[at] ^= 1
    path.write_bytes(bytes_)


@pytest.mark.parametrize("spoil", [lambda run: flip_line(run / "trades.csv"),
                                   lambda run: flip_byte(next((run / "journal").glob("*.klw")))],
                         ids=["table", "journal"])
def test_a_record_that_cannot_be_read(papers, tmp_path, spoil):
    """[SWP-05.2] An edited table, a damaged journal: no report can be made, and the system is not validated; nor by the same
    system's next paper run, but by that record, mended."""
    copy = tmp_path / "copy"
    shutil.copytree(papers / "plain", copy)
    run(tmp_path, "--paper", copy)
    assert status(tmp_path)["validated"] is True
    spoil(copy)
    done = subprocess.run([tool.program(), "validate", "parity", "--paper", copy], capture_output=True, text=True, timeout=200,
                          cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    assert status(tmp_path)["validated"] is False
    assert doctor(tmp_path)["parity"]["status"] == "WARN"
    run(tmp_path, "--paper", papers / "plain")
    assert status(tmp_path)["validated"] is False
    shutil.rmtree(copy)
    shutil.copytree(papers / "plain", copy)
    run(tmp_path, "--paper", copy)
    assert status(tmp_path)["validated"] is True and len(status(tmp_path)["subjects"]) == 1


def test_a_breach_without_a_report(papers, tmp_path):
    """[SWP-05.2] The report cannot be written; the status says what was found."""
    run(tmp_path, "--paper", papers / "plain")
    (tmp_path / "full").write_text("no folder")
    done = subprocess.run([tool.program(), "validate", "parity", "--paper", papers / "late", "--artifacts", "full"],
                          capture_output=True, text=True, timeout=200, cwd=tmp_path)
    assert done.returncode == 1 and status(tmp_path)["validated"] is False
    assert "no report could be made" in doctor(tmp_path)["parity"]["found"]


def test_a_report_elsewhere(papers, tmp_path):
    """[SWP-05.2] --artifacts moves the report; doctor hears of the breach all the same, and where it lies."""
    document, _ = run(tmp_path, "--paper", papers / "late", "--artifacts", tmp_path / "else", code=6)
    assert (tmp_path / "else/parity").is_dir() and not (tmp_path / "else/parity/status.json").exists()
    seen = doctor(tmp_path)["parity"]
    assert seen["status"] == "WARN" and document["report"] + ".md" in seen["found"]


def test_what_does_not_clear_a_breach(store, papers, tmp_path):
    """[SWP-05.2] Neither other parameters, nor other symbols, nor finer bars, nor a report in which nothing was traded."""
    run(tmp_path, "--paper", papers / "late", code=6)
    breach = status(tmp_path)["subjects"][0]
    run(tmp_path, *words(store), "--set", "run.starting_balance_usd=20000")
    run(tmp_path, *words(store), "--detail", "5m")
    run(tmp_path, *words(store)[:4], "--symbols", "BTCUSDT", "--timeframe", "1h")
    assert breach in status(tmp_path)["subjects"] and len(status(tmp_path)["subjects"]) == 4
    document, err = run(tmp_path, *words(store), "--timerange", "2023-01-10..2023-01-10T02:00Z")
    assert document["subject"] == breach["subject"] and sides(document)["replay"]["trades"] == 0
    assert "nothing was traded" in err and breach in status(tmp_path)["subjects"]
    assert status(tmp_path)["validated"] is False
    run(tmp_path, *words(store), *WINDOW)
    assert status(tmp_path)["validated"] is True


def test_another_core_was_asked(store, tmp_path):
    """[SWP-05.2] What another core was equal in says nothing of this one."""
    run(tmp_path, *words(store))
    path = tmp_path / "artifacts/parity/status.json"
    core = status(tmp_path)["subjects"][0]["core"]
    path.write_text(path.read_text().replace(core, core[::-1]))
    seen = doctor(tmp_path)["parity"]
    assert seen["status"] == "WARN" and "another core" in seen["found"]
    run(tmp_path, *words(store, "momentum"))
    assert status(tmp_path)["validated"] is False
    run(tmp_path, *words(store))
    assert status(tmp_path)["validated"] is True and doctor(tmp_path)["parity"]["status"] == "OK"


def test_two_at_once(store, papers, tmp_path):
    """[SWP-05.2] A breach that is put while another process means to put its own entry is not lost."""
    run(tmp_path, "--paper", papers / "late", code=6)
    path = tmp_path / "artifacts/parity/status.json"
    breach = path.read_text()
    path.unlink()
    with open(path.with_name("status.lock"), "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen([tool.program(), "validate", "parity", *map(str, words(store, "momentum"))], cwd=tmp_path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(timeout=1)
            path.write_text(breach)
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert other.wait(timeout=200) == 0
    assert [s["equal"] for s in status(tmp_path)["subjects"]] == [False, True] and status(tmp_path)["validated"] is False


def test_two_reports_at_once(store, tmp_path):
    """[SWP-05.2] Of several processes each has a report of its own: the name is not free until the one before is written."""
    run(tmp_path, *words(store))
    folder = tmp_path / "artifacts/parity"
    with open(folder / "report.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        others = [subprocess.Popen([tool.program(), "validate", "parity", *map(str, words(store, name))], cwd=tmp_path,
                                   stdout=subprocess.DEVNULL) for name in ("momentum", "donchian_breakout", "buy_hold")]
        with pytest.raises(subprocess.TimeoutExpired):
            others[0].wait(timeout=1)
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert [other.wait(timeout=200) for other in others] == [0, 0, 0]
    told = {json.loads(path.read_text())["subject"].split()[0]: path.stem for path in folder.glob("20*.json")}
    assert sorted(told) == ["buy_hold", "donchian_breakout", "momentum", "trend"]
    for subject, stem in told.items():
        assert subject in (folder / f"{stem}.md").read_text().split("\n")[0]


def test_a_store_with_holes(store, tmp_path):
    """What is accepted by name in a backtest can be accepted here."""
    holes = tmp_path / "holes"
    rows = tool.bars(2000, interval_ms=3600000)
    (tmp_path / "BTCUSDT.csv").write_text("\n".join([tool.HEADER, *rows[:1900], *rows[1912:]]) + "\n")
    tool.keel("data", "import", tmp_path / "BTCUSDT.csv", "--store", holes, "--venue", "test", "--symbol", "BTCUSDT", "--interval", "1h")
    asked = ("--store", holes, "--strategy", "momentum", "--symbols", "BTCUSDT", "--timeframe", "1h")
    assert "--accept-gaps" in tool.refused("validate", "parity", *asked, "--no-funding", "--accept-moves", code=3)
    document, _ = run(tmp_path, *asked, "--accept-gaps", "--accept-moves", "--no-funding")
    assert document["equal"]
