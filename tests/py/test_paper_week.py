"""Seven days of paper trading on recorded candles, at full speed: the shadow ledger, the replay, and why it differs from its
backtest. [KRN-09.3] [EXE-11]"""
# time limit: 200 s
import json
import signal
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, program, shared

SYMBOLS = "BTCUSDT,ETHUSDT"
RANGE = "20230309-20230316"  # a bank fails, and the market falls and rises by a quarter
LIVE = ["--latency-ms", "350", "--fill-share", "0.6", "--queue-every", "3", "--reject-every", "6", "--late-every", "13"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = shared()
    if root is None:
        pytest.skip("shared/ is absent")
    folder = tmp_path_factory.mktemp("week") / "store"
    names = [f"{kind}/binance-perp_{s}_{rest}" for s in SYMBOLS.split(",")
             for kind, rest in (("candles", "1h_2023*"), ("candles", "5m_2023*"), ("funding", "*"))]
    keel("data", "import", "--store", folder, *[path for name in names for path in sorted(root.glob(name))])
    return folder


def words(store, strategy, *more):
    return tool.words(store, strategy, "--venue", "binance-perp", "--timerange", RANGE, "--detail", "5m", "--leverage", "2",
                      "--allocation-pct", "0.3", "--slippage-bps", "1", *more)


@pytest.mark.parametrize("strategy,live", [("trend", []), ("trend", LIVE), ("momentum", []), ("momentum", LIVE), ("ema_cross", LIVE)])
def test_a_week_of_paper_trading(store, tmp_path, strategy, live):
    """Zero breaches, every command repeated, every difference explained. [KRN-09.2] [T-098]"""
    run = tmp_path / "run"
    doc = tool.document("trade", "paper", *words(store, strategy, *live), "--run", run)
    assert doc["bars_processed"] == 2 * 7 * 24 - (2 * (7 * 24 // 13) if live else 0) and doc["totals"]["trades"] > 0
    shadow = json.loads((run / "shadow.json").read_text())
    assert shadow["schema"] == "keel.shadow" and shadow["breaches"] == 0 and shadow["first_breach"] is None
    assert shadow["trades"] == doc["totals"]["trades"] and shadow["checks"] > 3 * 2 * 7 * 24 * 11
    again = keel_json("replay", run)
    assert again["equal"] and again["ended"] and again["commands"] == again["commands_equal"] > 0
    assert again["checkpoints"] == again["checkpoints_equal"] > 0 and again["state_hash"] == doc["state_hash"]
    assert again["shadow_breaches"] == 0 and again["shadow_checks"] == shadow["checks"]
    diff = keel_json("diff", run, "--backtest")
    backtest = tool.document("backtest", "run", *words(store, strategy))
    total = Decimal(backtest["totals"]["net_profit_usd"]) - Decimal(doc["totals"]["net_profit_usd"])
    assert diff["unexplained_usd"] == "0.00" and diff["unexplained_trades"] == 0
    assert "mode" not in {c["cause"] for c in diff["by_cause"]}  # neither run ended otherwise than the other
    assert Decimal(diff["net_difference_usd"]) == total == sum((Decimal(c["usd"]) for c in diff["by_cause"]), Decimal(0))
    assert diff["b"]["state_hash"] == backtest["state_hash"]
    if live:
        assert diff["verdict"] == "explained" and total != 0
        assert {"late_bar", "latency", "partial_fill"} <= {c["cause"] for c in diff["by_cause"]}
    else:
        assert diff["verdict"] == "equal" and diff["b"]["state_hash"] == doc["state_hash"]


def test_a_week_killed_now_and_then(store, tmp_path):
    """With everything that a live venue does: the same state, and the shadow's books over the kills."""
    flags = words(store, "trend", *LIVE)
    want = tool.document("trade", "paper", *flags, "--run", tmp_path / "whole")
    kills, doc = 0, None
    while doc is None:
        limit = (4 << 20) + 60_000 * (kills + 1) if kills < 6 else 1 << 40
        doc = tool.kill_when_written(["trade", "paper", *flags, "--run", tmp_path / "run", "--batch", "8"], limit)
        kills += doc is None
    doc.pop("wall_seconds")
    assert kills > 0 and doc == want
    whole, killed = (json.loads((tmp_path / name / "shadow.json").read_text()) for name in ("whole", "run"))
    assert killed == whole and whole["breaches"] == 0


def other_build(program_path, folder, name, old):
    """The program with another first digit where it names itself; other texts may lie in the end of a text."""
    new = (b"1" if old[:1] == b"0" else b"0") + old[1:]
    data = program_path.read_bytes()
    assert old in data
    path = folder / name
    path.write_bytes(data.replace(old, new))
    path.chmod(0o755)
    return path


def test_another_build_goes_on_when_its_core_is_the_same(store, tmp_path):
    """By its snapshots, to the same end; one with another core is refused, and says whose journal it is. [WAL-03.1]"""
    told = json.loads(keel("--version", "--json")[0])
    flags = ["trade", "paper", *words(store, "trend"), "--run", tmp_path / "run"]
    want = tool.document("trade", "paper", *words(store, "trend"), "--run", tmp_path / "whole")
    killed = tool.kill_when_written([*flags, "--batch", "4"], (4 << 20) + 150_000)
    core = json.loads((tmp_path / "whole" / "manifest.json").read_text())["core"].encode()
    revision = told["revision"].encode()
    other = other_build(Path(program()), tmp_path, "other", revision)
    changed = other_build(Path(program()), tmp_path, "changed", core)
    line = keel(*flags, binary=changed, code=2)[1]
    assert "another core" in line and told["build"] in line
    out, err = keel(*flags, "--json", binary=other)
    doc = json.loads(out)
    assert doc["build"] != want["build"] and doc["state_hash"] == want["state_hash"] and doc["run_id"] == want["run_id"]
    report = json.loads((tmp_path / "run" / "recovery.json").read_text())
    assert report["snapshots_rejected"] == 0 and "not used" not in err
    assert killed is None or report["snapshot_record"] > 0
    assert keel_json("replay", tmp_path / "run")["equal"]


def test_at_real_pace(store, tmp_path):
    """Stopped while it waits, it goes on at full speed to the same end."""
    flags = ["trade", "paper", *words(store, "trend"), "--run", tmp_path / "run"]
    want = tool.document("backtest", "run", *words(store, "trend"))
    run = subprocess.Popen([program(), *map(str, flags), "--speed", "real"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    journal = tmp_path / "run" / "journal"
    while not list(journal.glob("*.klw")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    assert run.poll() is None, run.communicate()[1]  # the market's first hour is not over
    run.send_signal(signal.SIGINT)
    err = run.communicate(timeout=120)[1]
    assert run.returncode == 130 and "the same command goes on" in err
    assert tool.document(*flags)["state_hash"] == want["state_hash"]
