"""keel diff: two runs trade by trade, each difference with one cause, the causes adding up to the last unit. [EXE-11]"""
# time limit: 300 s
import csv
import json
import hashlib
import shutil
from decimal import Decimal

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, refused, shared

VENUE = "binance-perp"
WINDOW = ["--venue", VENUE, "--timerange", "20230310-20230331"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Recorded candles of a crash and a rebound, an hour each, with their settlements."""
    root = shared()
    if root is None:
        pytest.skip("shared/ is absent")
    folder = tmp_path_factory.mktemp("diff") / "store"
    names = ("candles/binance-perp_BTCUSDT_1h_2023*", "candles/binance-perp_ETHUSDT_1h_2023*", "funding/binance-perp_BTCUSDT_*",
             "funding/binance-perp_ETHUSDT_*")
    keel("data", "import", "--store", folder, *[path for name in names for path in sorted(root.glob(name))])
    return folder


def backtest(store, folder, *more, strategy="trend"):
    keel("backtest", "run", *tool.words(store, strategy, *WINDOW, *more), "--run-dir", folder, "--json")
    return folder


def paper(store, folder, *more, strategy="trend"):
    keel("trade", "paper", *tool.words(store, strategy, *WINDOW, *more), "--run", folder, "--json")
    return folder


def rows_of(folder):
    with open(folder / "trades.csv", newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def nearest(xs, ys, within_ms):
    """The matching rule of docs/diff.md, again: pairs of indexes."""
    from datetime import datetime
    stamp = lambda text: int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
    key = lambda rows: sorted((r["symbol"], r["side"] == "long", stamp(r["entry_ts"]), stamp(r["exit_ts"]), i) for i, r in enumerate(rows))
    a, b = key(xs), key(ys)
    pairs, used, left = {}, set(), []
    for x in a:
        for y in b:
            if y[4] not in used and y[:3] == x[:3]:
                pairs[x[4]] = y[4]
                used.add(y[4])
                break
        else:
            left.append(x)
    for x in left:
        near = [(abs(y[2] - x[2]), b.index(y), y[4]) for y in b
                if y[4] not in used and y[:2] == x[:2] and abs(y[2] - x[2]) <= within_ms]
        if near:
            pairs[x[4]] = min(near)[2]
            used.add(min(near)[2])
    return pairs


def judge(doc, a=None, b=None):
    """What holds of every comparison, counted again from the two runs' own files."""
    assert doc["schema"] == "keel.diff" and doc["unexplained_usd"] == "0.00" and doc["unexplained_trades"] == 0
    total = Decimal(doc["net_difference_usd"])
    assert sum(Decimal(c["usd"]) for c in doc["by_cause"]) == total
    assert total == Decimal(doc["b"]["net_profit_usd"]) - Decimal(doc["a"]["net_profit_usd"])
    assert sum((Decimal(c["passing_usd"]) for c in doc["by_cause"]), Decimal(0)) == 0
    for trade in doc["trades"]:
        pnl = [Decimal(trade[s]["pnl_usd"]) if trade[s] else Decimal(0) for s in "ab"]
        assert trade["causes"] and len({c["cause"] for c in trade["causes"]}) == len(trade["causes"])
        assert sum(Decimal(c["usd"]) for c in trade["causes"]) == pnl[1] - pnl[0] == Decimal(trade["difference_usd"])
    for cause in doc["by_cause"]:
        named = [c["usd"] for t in doc["trades"] for c in t["causes"] if c["cause"] == cause["cause"]]
        assert len(named) == cause["trades"]
        assert sum(map(Decimal, named)) + Decimal(cause["open_usd"]) + Decimal(cause["passing_usd"]) == Decimal(cause["usd"])
    if a is None:
        return
    xs, ys = rows_of(a), rows_of(b)
    pairs = nearest(xs, ys, doc["match_within_ms"])
    assert (doc["trades_matched"], doc["trades_only_a"], doc["trades_only_b"]) == (len(pairs), len(xs) - len(pairs), len(ys) - len(pairs))
    for trade in doc["trades"]:
        if trade["a"] and trade["b"]:
            assert pairs[trade["a"]["trade_id"] - 1] == trade["b"]["trade_id"] - 1
    same = {i: k for i, k in pairs.items() if all(xs[i][f] == ys[k][f] for f in ("entry_ts", "exit_ts", "entry_px", "exit_px", "qty", "pnl_usd"))}
    told = {t["a"]["trade_id"] - 1 for t in doc["trades"] if t["a"]}
    assert not told & set(same) or doc["trades_different"] > len(told - set(same))  # one that came back to where it was is told, too


@pytest.fixture(scope="module")
def plain(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return backtest(store, folder / "backtest"), paper(store, folder / "paper")


def test_a_paper_run_and_its_backtest_are_equal(plain):
    for words in ([*plain], [plain[1], "--backtest"], [plain[0], "--backtest"], [plain[0], plain[0]]):
        doc = keel_json("diff", *words)
        judge(doc)
        assert doc["verdict"] == "equal" and doc["by_cause"] == [] and doc["trades"] == []
        assert doc["trades_matched"] == doc["a"]["trades"] == doc["b"]["trades"] > 10
        assert doc["a"]["state_hash"] == doc["b"]["state_hash"]
    assert keel("diff", *plain)[0].startswith("equal: ")


@pytest.mark.parametrize("cause,flags", [
    ("latency", ["--latency-ms", "250"]), ("partial_fill", ["--fill-share", "0.37"]), ("queue", ["--queue-every", "2"]),
    ("reject", ["--reject-every", "3"]), ("late_bar", ["--late-every", "9"])])
def test_what_only_a_live_run_meets(store, plain, tmp_path, cause, flags):
    """Each alone, against the backtest of the same window, kept or made now, and the other way round."""
    run = paper(store, tmp_path / "run", *flags)
    doc = keel_json("diff", run, "--backtest")
    judge(doc)
    assert doc["verdict"] == "explained" and [c["cause"] for c in doc["by_cause"]] == [cause]
    assert doc["trades_different"] == doc["by_cause"][0]["trades"] > 0 and Decimal(doc["net_difference_usd"]) != 0
    kept = keel_json("diff", run, plain[0])
    judge(kept, run, plain[0])
    assert kept["by_cause"] == doc["by_cause"] and kept["trades"] == doc["trades"]
    back = keel_json("diff", plain[0], run)
    judge(back, plain[0], run)
    assert [c["cause"] for c in back["by_cause"]] == [cause]
    assert Decimal(back["net_difference_usd"]) == -Decimal(doc["net_difference_usd"])
    assert keel_json("replay", run)["equal"]


@pytest.mark.parametrize("cause,flags", [
    ("fee_tier", ["--taker-fee-bps", "7.5"]), ("risk_gate", ["--set", "max_positions=1"]),
    ("parameters", ["--set", "sl_atr_mult=1.5"]), ("parameters", ["--slippage-bps", "2"])])
def test_what_was_set_otherwise(store, plain, tmp_path, cause, flags):
    run = backtest(store, tmp_path / "run", *flags)
    doc = keel_json("diff", plain[0], run)
    judge(doc, plain[0], run)
    assert [c["cause"] for c in doc["by_cause"]] == [cause] and Decimal(doc["net_difference_usd"]) != 0
    mixed = keel_json("diff", plain[1], run)
    assert mixed["by_cause"] == doc["by_cause"]


def test_another_strategy_is_a_parameter(store, plain, tmp_path):
    run = backtest(store, tmp_path / "run", strategy="ema_cross")
    doc = keel_json("diff", plain[0], run)
    judge(doc, plain[0], run)
    assert [c["cause"] for c in doc["by_cause"]] == ["parameters"]


@pytest.mark.parametrize("resumes", [True, False])
def test_orders_to_the_engine_are_the_mode(store, plain, tmp_path, resumes):
    """A run that was damaged, repaired and went on in safe mode, with or without a resume later: what it did not open is
    booked to the mode, and nothing is left without a cause. [EXE-11]"""
    run = tmp_path / "run"
    paper(store, run)
    segment = min((run / "journal").glob("wal-*.klw"))
    data = bytearray(segment.read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 0x20
    segment.write_bytes(data)
    keel("journal", "repair", run / "journal")
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (run / name).unlink(missing_ok=True)
    paper(store, run, *(["--resume"] if resumes else []))
    doc = keel_json("diff", run, plain[0])
    judge(doc, run, plain[0])
    assert keel_json("replay", run)["equal"]
    back = keel_json("diff", plain[0], run)
    judge(back, plain[0], run)
    assert Decimal(back["net_difference_usd"]) == -Decimal(doc["net_difference_usd"])
    if not resumes:
        assert doc["verdict"] == "explained" and [c["cause"] for c in doc["by_cause"]] == ["mode"]
        assert doc["trades_only_b"] > 0 and Decimal(doc["net_difference_usd"]) != 0
    else:
        assert {c["cause"] for c in doc["by_cause"]} <= {"mode"}


def test_a_pause_is_the_mode(store, plain, tmp_path):
    """Nothing was opened: every trade of the backtest is one that the pause held back. [EXE-11]"""
    run = paper(store, tmp_path / "run", "--pause", "--reason", "holiday")
    trail = [json.loads(line) for line in (run / "audit.jsonl").read_text().splitlines()]
    paused = next(r for r in trail if r["action"] == "entries_paused")
    assert (paused["reason"], paused["before"], paused["after"]) == ("holiday", "running", "close_only")
    doc = keel_json("diff", run, plain[0])
    judge(doc, run, plain[0])
    assert doc["verdict"] == "explained" and [c["cause"] for c in doc["by_cause"]] == ["mode"]
    assert doc["a"]["trades"] == 0 and doc["trades_only_b"] == doc["b"]["trades"] > 10


def test_positions_left_open_are_the_mode(store, tmp_path):
    a = backtest(store, tmp_path / "a", "--keep-open", strategy="buy_hold")
    b = backtest(store, tmp_path / "b", strategy="buy_hold")
    doc = keel_json("diff", a, b)
    judge(doc, a, b)
    assert [c["cause"] for c in doc["by_cause"]] == ["mode"] and Decimal(doc["by_cause"][0]["open_usd"]) != 0
    assert doc["trades_only_b"] == 2


@pytest.fixture(scope="module")
def revised(store, tmp_path_factory):
    """The same store, in which 200 hours of one symbol closed one per mille higher."""
    folder = tmp_path_factory.mktemp("revised")
    other = folder / "store"
    shutil.copytree(store, other)
    lines = keel("data", "export", "--store", other, "--venue", VENUE, "--symbol", "BTCUSDT", "--interval", "1h")[0].splitlines()
    rows = [line.split(",") for line in lines[1:]]
    for row in rows:
        if 1678500000000 <= int(row[0]) < 1679220000000:
            close = (Decimal(row[4]) * Decimal("1.001")).quantize(Decimal("0.1"))
            row[4] = str(close)
            row[2] = str(max(Decimal(row[2]), close))
    path = folder / "BTCUSDT.csv"
    path.write_text("\n".join([lines[0]] + [",".join(row) for row in rows]) + "\n")
    keel("data", "import", path, "--store", other, "--venue", VENUE, "--symbol", "BTCUSDT", "--interval", "1h")
    return other


def test_revised_data(store, revised, plain, tmp_path):
    """A paper run keeps what it saw; the history was revised since. Two stores, and one that was changed in place."""
    b = backtest(revised, tmp_path / "b")
    for a in plain:
        doc = keel_json("diff", a, b)
        judge(doc, a, b)
        assert [c["cause"] for c in doc["by_cause"]] == ["data_revised"] and doc["trades_different"] > 0
    made = keel_json("diff", plain[1], "--backtest", "--store", revised)
    judge(made)
    assert made["net_difference_usd"] == doc["net_difference_usd"]
    place = tmp_path / "store"
    shutil.copytree(store, place)
    a = backtest(place, tmp_path / "a")
    shutil.rmtree(place)
    shutil.copytree(revised, place)
    again = keel_json("diff", a, "--backtest")
    judge(again)
    assert again["a"]["store_revised"] and [c["cause"] for c in again["by_cause"]] == ["data_revised"]
    assert again["net_difference_usd"] == doc["net_difference_usd"]


def test_everything_at_once(store, revised, tmp_path):
    """[BKT-02.1] Each cause has its share; each run says what its model of the venue did."""
    a = paper(store, tmp_path / "a", "--latency-ms", "250", "--fill-share", "0.5", "--queue-every", "2", "--reject-every", "4",
              "--late-every", "11", "--taker-fee-bps", "7", "--set", "max_positions=1", "--set", "sl_atr_mult=1.5", "--keep-open")
    b = backtest(revised, tmp_path / "b")
    realism = lambda run: [json.loads((run / "summary.json").read_text())["realism"][k] for k in
                           ("latency_ms", "partial_fills", "fill_share", "queue_every", "reject_every", "late_every")]
    assert realism(a) == [250, True, 0.5, 2, 4, 11] and realism(b) == [0, False, 1, 0, 0, 0]
    said, plain = (" ".join(keel("report", run, "--all")[0].split()) for run in (a, b))
    assert "at the venue 250 ms after they were sent; at a target waited in a queue, each 2. of them; were refused, each 4. of " \
        "them; saw each 11. bar one bar late; filled in parts." in said and "no latency" not in said
    assert "no latency, no queue, no refusals, no late bars, no parts." in plain
    doc = keel_json("diff", a, b)
    judge(doc, a, b)
    causes = [c["cause"] for c in doc["by_cause"]]
    order = ["data_revised", "late_bar", "latency", "partial_fill", "queue", "reject", "fee_tier", "parameters", "risk_gate", "mode"]
    assert causes == [c for c in order if c in causes] and set(order[:9]) <= set(causes)
    page = keel("diff", a, b, "--rows", "5")[0].splitlines()
    assert page[0].startswith("explained: B less A is ") and max(map(len, page)) <= 100
    assert keel("diff", a, b, "--json")[0] == keel("diff", a, b, "--json")[0]


def test_what_has_no_cause_is_said(plain, tmp_path):
    """A run whose record says something that its inputs do not give: exit 6, and the amount."""
    run = tmp_path / "run"
    shutil.copytree(plain[1], run)
    manifest = json.loads((run / "manifest.json").read_text())
    lines = (run / "trades.csv").read_text().splitlines()
    fields = lines[3].split(",")
    pnl = lines[0].split(",").index("pnl_usd")
    fields[pnl] = str(Decimal(fields[pnl]) + Decimal("1.5"))
    lines[3] = ",".join(fields)
    (run / "trades.csv").write_text("\n".join(lines) + "\n")
    summary = json.loads((run / "summary.json").read_text())
    summary["totals"]["net_profit_usd"] = str(Decimal(summary["totals"]["net_profit_usd"]) + Decimal("1.5"))
    (run / "summary.json").write_text(json.dumps(summary))
    for name in ("trades.csv", "summary.json"):
        data = (run / name).read_bytes()
        manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["state_hash"] = "0123456789abcdef"
    (run / "manifest.json").write_text(json.dumps(manifest))
    out, err = keel("diff", run, plain[0], "--json", code=6)
    doc = json.loads(out)
    assert doc["verdict"] == "unexplained" and doc["unexplained_usd"] == "-1.50" and doc["unexplained_trades"] == 1
    assert doc["net_difference_usd"] == "-1.50" and "differences without a cause" in err
    assert keel("diff", run, plain[0], code=6)[0].startswith("unexplained: ")


def test_what_cannot_be_compared_is_refused(store, plain, tmp_path):
    other = tmp_path / "other"
    keel("backtest", "run", *tool.words(store, "trend", "--venue", VENUE, "--timerange", "20230312-20230320"), "--run-dir", other, "--json")
    assert "not the same window" in refused("diff", plain[0], other, code=2)
    assert "add --backtest" in refused("diff", plain[0], code=2)
    refused("diff", plain[0], plain[1], "--backtest", code=2)
    assert "name its folder" in refused("diff", plain[0], tmp_path / "nothing", code=4)
    (tmp_path / "empty").mkdir()
    assert "has not ended" in refused("diff", tmp_path / "empty", plain[0], code=4)


def test_encrypted_journals(store, tmp_path):
    key = tmp_path / "key"
    run = paper(store, tmp_path / "run", "--key-file", key, "--latency-ms", "250")
    doc = keel_json("diff", run, "--backtest", "--key-file", key)
    judge(doc)
    assert [c["cause"] for c in doc["by_cause"]] == ["latency"]
