"""Several strategies in one paper run: each is the paper run that it would be alone, whatever becomes of the others."""
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, program, refused
from user_place import TABLES, Place, line

RANGE = ["--timerange", "20230110-20230120"]
SHORT = ["--timerange", "20230110-20230114"]
ITEMS = [{"name": "quick", "strategy": "ema_cross", "symbols": ["ETHUSDT"], "weight": 3, "parameters": {"fast": 5, "slow": 9}},
         {"name": "slow", "strategy": "ema_cross", "parameters": {"fast": 20, "slow": 60}},
         {"name": "trend", "strategy": "trend", "weight": 0.5, "exits": {"sl_atr_mult": 1.2}}]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tool.market(tmp_path_factory.mktemp("several"))


def config(folder, items):
    path = folder / "run.yaml"
    path.write_text(f"run:\n  symbols: [BTCUSDT, ETHUSDT]\n  timeframe: 1h\nstrategies: {json.dumps(items)}\n")
    return path


def test_each_is_its_run_alone(store, tmp_path):
    """Own balance, books, ids, journal, snapshot, counters: all as if there were no other. [ENG-07.1] [T-041] [T-042] [KRN-06.5]"""
    words = ["--store", store, "--config", config(tmp_path, ITEMS), *RANGE, "--no-baselines"]
    run = tmp_path / "run"
    backtest = tool.document("backtest", "run", *words)
    paper = tool.document("trade", "paper", *words, "--run", run)
    assert paper == backtest
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["kind"] == "paper" and manifest["state_hash"] == backtest["state_hash"]
    for s in backtest["per_strategy"]:
        mine, alone = run / "strategies" / s["name"], tmp_path / s["name"]
        item = next(i for i in ITEMS if i["name"] == s["name"])
        sets = [w for section, values in item.items() if isinstance(values, dict) for name, value in values.items()
                for w in ("--set", f"{'strategy' if section == 'parameters' else section}.{name}={value}")]
        own = tool.document("trade", "paper", *tool.words(store, item["strategy"], *RANGE, *sets, symbols=",".join(
            item.get("symbols", ["BTCUSDT", "ETHUSDT"]))), "--starting-balance", s["account"]["starting_balance_usd"], "--run", alone)
        assert own["state_hash"] == s["state_hash"] and own["config_id"] == s["config_id"] and s["trades"] > 0
        for name in ("trades.csv", "equity.csv", "operational.json", "shadow.json", "events.jsonl"):
            assert (mine / name).read_bytes() == (alone / name).read_bytes(), (s["name"], name)
        assert list((mine / "journal").glob("*.kls")) or list((mine / "journal").glob("*snap*"))
        replayed = keel_json("replay", mine)
        assert replayed["equal"] and replayed["state_hash"] == s["state_hash"] and replayed["ended"]
        assert keel("journal", "verify", mine / "journal")[0].startswith("good")
    replayed = keel_json("replay", run)
    assert replayed["equal"] and replayed["state_hash"] == backtest["state_hash"]
    assert [s["name"] for s in replayed["strategies"]] == ["quick", "slow", "trend"]
    assert replayed["checkpoints_equal"] == replayed["checkpoints"] > 0
    assert "all: equal" in keel("replay", run, "--to", "2023-01-15")[0]
    assert Decimal(keel_json("diff", run / "strategies" / "trend", "--backtest")["unexplained_usd"]) == 0
    whole = keel_json("diff", run, "--backtest")
    assert whole["verdict"] == "equal" and whole["trades_matched"] == backtest["totals"]["trades"] and not whole["by_cause"]
    assert Decimal(whole["a"]["net_profit_usd"]) == Decimal(whole["b"]["net_profit_usd"]) == Decimal(backtest["totals"]["net_profit_usd"])


def test_two_groups_differ_by_causes_that_add_up(store, tmp_path):
    """Strategy by strategy, and the sums over them to the last unit. [EXE-11]"""
    words = ["trade", "paper", *tool.words(store, "trend,ema_cross", *RANGE)]
    keel(*words, "--run", tmp_path / "a")
    keel(*words, "--reject-every", 4, "--set", "account.taker_fee_bps=9", "--run", tmp_path / "b")
    doc = keel_json("diff", tmp_path / "a", tmp_path / "b")
    parts = doc["strategies"]
    assert [(doc[side]["kind"], doc[side]["folder"]) for side in "ab"] == [("paper", str(tmp_path / side)) for side in "ab"]
    assert doc["verdict"] == "explained" and [s["name"] for s in parts] == ["ema_cross", "trend"] and "trades" not in doc
    assert {c["cause"] for c in doc["by_cause"]} == {"reject", "fee_tier"}
    for s in parts:
        own = keel_json("diff", tmp_path / "a/strategies" / s["name"], tmp_path / "b/strategies" / s["name"])
        assert {k: v for k, v in s.items() if k != "name"} == {k: v for k, v in own.items() if not k.startswith("schema")}
    for key in ("trades_matched", "trades_only_a", "trades_only_b", "trades_different", "runs"):
        assert doc[key] == sum(s[key] for s in parts)
    for c in doc["by_cause"]:
        mine = [x for s in parts for x in s["by_cause"] if x["cause"] == c["cause"]]
        assert c["trades"] == sum(x["trades"] for x in mine)
        for key in ("usd", "open_usd", "passing_usd"):
            assert Decimal(c[key]) == sum(Decimal(x[key]) for x in mine)
    total = sum(Decimal(c["usd"]) for c in doc["by_cause"])
    assert total == Decimal(doc["net_difference_usd"]) == Decimal(doc["b"]["net_profit_usd"]) - Decimal(doc["a"]["net_profit_usd"]) != 0
    page = keel("diff", tmp_path / "a", tmp_path / "b")[0]
    assert page.startswith("explained: ") and max(map(len, page.splitlines())) <= 100
    assert "BY STRATEGY" in page and "BY CAUSE" in page
    made = keel_json("diff", tmp_path / "b", "--backtest")
    assert made["verdict"] == "explained" and (made["b"]["kind"], made["b"]["folder"]) == ("backtest", None)
    # other strategies on the other side, or none
    status = json.loads((tmp_path / "b/strategies.json").read_text())
    status["strategies"].pop()
    (tmp_path / "b/strategies.json").write_text(json.dumps(status))
    assert "strategy trend is in" in refused("diff", tmp_path / "a", tmp_path / "b", code=2)
    assert "--backtest" in refused("diff", tmp_path / "a", tmp_path / "a/strategies/trend", code=2)
    for of_one in (["diff", tmp_path / "a/strategies/trend", tmp_path / "a"], ["audit", "orders", tmp_path / "a", "--output", tmp_path / "t"]):
        assert "name the folder of one: " in refused(*of_one, code=2)


def test_balances_add_up(store, tmp_path):
    """Names on the command line, a feed, and what was left over from a share."""
    run = tmp_path / "run"
    doc = tool.document("trade", "paper", "--feed", "synth:5", "--strategy", "trend,momentum,ema_cross", "--symbols", "BTCUSDT",
                        "--timeframe", "1h", "--timerange", "20230401-20230410", "--no-baselines", "--starting-balance", "1000", "--run", run)
    shares = [Decimal(s["account"]["starting_balance_usd"]) for s in doc["per_strategy"]]
    assert sum(shares) == 1000 and max(shares) - min(shares) < Decimal("0.0000001")
    assert Decimal(keel_json("diff", run / "strategies" / "trend", "--backtest")["unexplained_usd"]) == 0
    status = json.loads((run / "strategies.json").read_text())
    assert [(s["name"], s["status"], s["error"]) for s in status["strategies"]] == [
        (name, "ended", None) for name in ("ema_cross", "momentum", "trend")]
    shutil.rmtree(run / "strategies" / "momentum")  # one that is gone hides nothing of the others
    out = keel("replay", run, code=4)[0].splitlines()
    assert [text.split(":")[:2] for text in out if not text.startswith(" ")] == [
        ["ema_cross", " equal"], ["momentum", " DIFFERENT"], ["trend", " equal"], ["all", f" DIFFERENT, {out[-1].split(', ')[1]}"]]
    out, err = keel("replay", run, "--json", code=4)
    replayed = json.loads(out)
    assert [s["equal"] for s in replayed["strategies"]] == [True, False, True] and not replayed["equal"]
    assert "strategies/momentum" in err and replayed["difference"] == replayed["strategies"][1]["difference"]


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(p) for p in (task / "children").read_text().split()]
    return found


def test_one_that_is_killed_leaves_the_others_running(store, tmp_path):
    """kill -9 of one strategy's process; it is in its trail, somebody is told, the same command goes on with it. [ENG-07.1]
    [ENG-08.5] [LOG-08.1]"""
    phone = tmp_path / "phone"
    phone.write_text(f"#!/bin/sh\ncat >> '{tmp_path}/heard'\n")
    phone.chmod(0o700)
    words = ["trade", "paper", *tool.words(store, "trend,ema_cross", "--detail", "5m", *SHORT), "--batch", "1", "--run", tmp_path / "run",
             "--alert-command", phone]
    run = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + tool.LIMIT_S
    victim = None
    while run.poll() is None and victim is None:
        assert time.monotonic() < deadline
        for child in children(run.pid):
            if tool.written(child) > (4 << 20) + 1_200_000:  # of about 3,300,000: its trail has begun
                try:
                    os.kill(child, signal.SIGKILL)
                    victim = child
                    break
                except ProcessLookupError:
                    continue  # it ended in this moment
        time.sleep(0.0005)
    _, err = run.communicate(timeout=tool.LIMIT_S)
    assert victim is not None, "it ended before it could be killed"
    assert run.returncode == 1 and "signal 9" in err and "1 of 2 ended" in err
    status = {s["name"]: s for s in json.loads((tmp_path / "run" / "strategies.json").read_text())["strategies"]}
    assert sorted(s["status"] for s in status.values()) == ["crashed", "ended"]
    other = next(name for name, s in status.items() if s["status"] == "ended")
    gone = next(name for name, s in status.items() if s["status"] == "crashed")
    trail = [json.loads(text) for text in (tmp_path / "run/strategies" / gone / "audit.jsonl").read_text().splitlines()]
    assert trail[-1]["action"] == "run_crashed" and "signal 9" in trail[-1]["reason"]
    assert [json.loads(text) for text in (tmp_path / "heard").read_text().splitlines()] == [trail[-1]]
    assert keel_json("audit", "verify", tmp_path / "run/strategies" / gone)["verdict"] == "good"
    assert keel("replay", tmp_path / "run" / "strategies" / other)[0].startswith("equal")
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["state"] == "running"
    doc = tool.document(*words)
    assert doc == tool.document("backtest", "run", *tool.words(store, "trend,ema_cross", "--detail", "5m", *SHORT))


@pytest.mark.parametrize("behind", ["journal/wal-*.klw", "audit.jsonl", "audit.head"])
def test_a_crash_is_told_while_the_others_run_on(store, tmp_path, behind):
    """Not when the last of them ends, which may be weeks later; killed as soon as there is a journal, a trail without its
    head, or a whole one. [LOG-08.1]"""
    phone, heard = tmp_path / "phone", tmp_path / "heard"
    phone.write_text(f"#!/bin/sh\ncat >> '{heard}'\n")
    phone.chmod(0o700)
    words = ["trade", "paper", *tool.words(store, "trend,ema_cross", *SHORT), "--speed", "real", "--run", tmp_path / "run",
             "--alert-command", phone]
    run = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + tool.LIMIT_S
    while len(list((tmp_path / "run/strategies").glob(f"*/{behind}"))) < 2:
        assert time.monotonic() < deadline and run.poll() is None
    os.kill(children(run.pid)[0], signal.SIGKILL)
    while not heard.exists() or "run_crashed" not in heard.read_text() or not heard.read_text().endswith("\n"):
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.01)
    told = [json.loads(text).get("action") for text in heard.read_text().splitlines()]
    assert [action for action in told if action] in (["run_crashed"], ["trail_missing", "run_crashed"]), told
    status = json.loads((tmp_path / "run" / "strategies.json").read_text())["strategies"]
    assert sorted(s["status"] for s in status) == ["crashed", "running"]
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=tool.LIMIT_S)
    assert run.returncode == 1 and "signal 9" in err, err


def test_a_file_that_crashes_ends_alone(tmp_path_factory):
    """A user's strategy that divides by zero at some bar: said, with the bar, and the others run to their end. [ENG-07.1]"""
    place = Place(tmp_path_factory.mktemp("crash"))
    place.write("mine.c", TABLES + '#define PARAMS(P) P(crime, INT, 0, 0, 1, 1, "", "x")\n#include "strategy.def"\n'
                "DECIDE { if (view->side == 0) buy(); else if (100 / (view->side - (int32_t)param(crime)) < 0) sell(); }\n")
    words = ("--store", "store", "--symbols", "BTCUSDT", "--timeframe", "1h", "--no-baselines")
    done = place.call("trade", "paper", *words, "--strategy", "trend,mine.c", "--set", "mine.crime=1", "--run", "run")
    assert done.returncode == 1 and "strategy mine.c: at the bar that closed" in line(done), done.stderr
    assert "divided a whole number by zero" in line(done) and "1 of 2 ended" in line(done)
    status = {s["name"]: s["status"] for s in json.loads((place.folder / "run/strategies.json").read_text())["strategies"]}
    assert status == {"mine": "failed", "trend": "ended"}
    assert place.keel("replay", "run/strategies/trend").startswith("equal")
    hashes = [json.loads(place.keel(*verb, *words, "--strategy", "mine.c", "--json"))["state_hash"]
              for verb in (("trade", "paper", "--run", "alone"), ("backtest", "run"))]
    assert hashes[0] == hashes[1]


def test_at_real_pace_all_run_at_once_and_end_in_order(store, tmp_path):
    """Each has a process and a feed of its own, whatever the number of processors; a signal ends all of them, resumable."""
    flags = tool.words(store, "trend,ema_cross,momentum", *SHORT)
    words = ["trade", "paper", *flags, "--run", tmp_path / "run"]
    run = subprocess.Popen([program(), *map(str, words), "--speed", "real"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + tool.LIMIT_S
    while len([c for c in children(run.pid) if tool.written(c) > 4 << 20]) < 3:
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.01)
    before = (tmp_path / "run" / "strategies.json").read_bytes()
    assert f"(process {run.pid}) holds the run" in keel(*words, code=3)[1]
    assert (tmp_path / "run" / "strategies.json").read_bytes() == before and before.count(b"running") == 3
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=tool.LIMIT_S)
    assert run.returncode == 130 and "0 of 3 strategies had ended" in err, err
    status = json.loads((tmp_path / "run" / "strategies.json").read_text())["strategies"]
    assert [s["status"] for s in status] == ["interrupted"] * 3
    assert tool.document(*words) == tool.document("backtest", "run", *flags)


def test_when_not_all_can_be_started_none_is_left(store, tmp_path):
    """No file is left for the pipe to the nth: those that run end in order, and nothing is said to be running."""
    items = [{"name": f"s{n}", "strategy": "ema_cross"} for n in range(30)]
    words = ["trade", "paper", "--store", store, "--config", config(tmp_path, items), *SHORT, "--no-baselines", "--run", tmp_path / "run"]
    done = subprocess.run([program(), *map(str, words), "--speed", "real"], capture_output=True, text=True, timeout=tool.LIMIT_S,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)))
    assert done.returncode == 1 and "cannot make a pipe: strategy s" in done.stderr, done.stderr
    status = [s["status"] for s in json.loads((tmp_path / "run" / "strategies.json").read_text())["strategies"]]
    assert len(status) == 30 and set(status) <= {"interrupted", "failed"} and status[-1] == "interrupted"


def test_ctrl_c_on_a_strategy_file_leaves_in_order(tmp_path_factory):
    """A terminal asks the whole process group, and the parent asks its guarded child once more."""
    place = Place(tmp_path_factory.mktemp("terminal"))
    place.write("mine.c", TABLES + '#define PARAMS(P) P(level, INT, 0, 0, 1, 1, "", "x")\n#include "strategy.def"\n'
                "DECIDE { if (view->side == 0) buy(); else sell(); }\n")
    words = ["trade", "paper", "--store", "store", "--symbols", "BTCUSDT", "--timeframe", "1h", "--no-baselines", "--strategy", "mine.c",
             "--run", "run"]
    run = subprocess.Popen([program(), *words, "--speed", "real"], cwd=place.folder, env=place.env, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, start_new_session=True)
    trail = place.folder / "run/audit.jsonl"
    deadline = time.monotonic() + tool.LIMIT_S
    while not trail.exists() or not trail.read_bytes():
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)
    err = run.communicate(timeout=tool.LIMIT_S)[1]
    assert run.returncode == 130 and "the journal is whole: the same command goes on" in err, err
    assert json.loads(trail.read_text().splitlines()[-1])["action"] == "run_interrupted"
    assert place.keel("replay", "run").startswith("equal")


def test_on_one_account_they_are_refused(store, tmp_path):
    line = refused("trade", "paper", *tool.words(store, "trend,ema_cross", "--accounts", "shared"), "--run", tmp_path / "run", code=2)
    assert "--accounts separate" in line
