"""A run as a folder, its report in short, and two runs compared. [BKT-02.5] [BKT-05] [T-202]"""
import hashlib
import json
import os
import re
import stat
import subprocess
from decimal import Decimal

import numpy as np

import report_tool as tool
from report_tool import base, keel, other, refused, rounded  # noqa: F401

FILES = {"manifest.json", "summary.json", "config.yaml", "trades.csv", "levels.csv", "stops.csv", "equity.csv", "benchmark.csv", "candles.csv",
         "report.html"}


# ---- the folder ----


def test_the_folder_is_whole_and_its_manifest_true(base):
    """[ENG-03.3]"""
    assert {p.name for p in base["run"].iterdir()} == FILES
    manifest = json.loads((base["run"] / "manifest.json").read_text())
    assert manifest["schema"] == "keel.run" and manifest["schema_version"] == 1
    for key in ("run_id", "state_hash", "config_id", "dataset_hash", "build", "strategy", "effective_range"):
        assert manifest[key] == base["document"][key], key
    assert set(manifest["files"]) == FILES - {"manifest.json", "report.html"}
    for name, entry in manifest["files"].items():
        data = (base["run"] / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}, name
    assert (base["run"] / "summary.json").read_text() == base["printed"]
    assert (base["run"] / "trades.csv").read_bytes() == (base["home"] / "t.csv").read_bytes()
    assert (base["run"] / "equity.csv").read_bytes() == (base["home"] / "e.csv").read_bytes()
    assert not [p for p in base["home"].iterdir() if ".part" in p.name or ".old" in p.name]


def test_the_folder_is_bounded(base):
    for name, most in (("benchmark.csv", 4000), ("candles.csv", 2 * 9000)):
        assert 0 < len(tool.rows(base["run"], name)) <= most, name
    stops = [r for r in tool.rows(base["run"], "levels.csv") if r["stop_px"] or r["trail_px"]]
    assert stops, "managed exits leave their stop"


def test_long_equity_keeps_the_extremes_of_each_hour(tmp_path):
    """216,000 samples: the folder keeps of each hour the lowest, highest and last, with the drawdown of all samples."""
    store = tmp_path / "store"
    keel("data", "synth", "--store", store, "--symbols", "AAAUSDT", "--interval", "1m", "--days", 150, "--seed", 3)
    keel("backtest", "run", "--store", store, "--strategy", "ema_cross", "--symbols", "AAAUSDT", "--timeframe", "1m", "--no-baselines",
         "--run-dir", tmp_path / "run", "--export-equity", tmp_path / "all.csv")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    everything = (tmp_path / "all.csv").read_text().splitlines()[1:]
    kept = (tmp_path / "run" / "equity.csv").read_text().splitlines()[1:]
    assert manifest["equity_thinned"] and manifest["equity_samples"] == len(everything) > 200_000
    assert len(kept) <= 3 * 150 * 24 and set(kept) <= set(everything)
    hours = {}
    for line in everything:
        stamp, equity, _ = line.split(",")
        # a bar closes at the end of its hour
        hour = stamp[:13] if stamp[14:16] != "00" else hour  # noqa: F821
        hours.setdefault(hour, []).append((Decimal(equity), line))
    kept = set(kept)
    for samples in hours.values():
        values = [value for value, _ in samples]
        held = [value for value, line in samples if line in kept]
        assert samples[-1][1] in kept and min(values) in held and max(values) in held
    drawn = keel("report", tmp_path / "run").stdout
    assert "Verdict" in drawn


def test_a_stop_is_where_the_trade_left(base):
    """Without slippage an X_STOP inside a bar leaves at the stop, or at an open beyond it."""
    folder = base["home"] / "exact"
    words = base["words"][:-2]
    keel(*words, "--slippage-bps", "0", "--run-dir", folder)
    at_level = 0
    for trade, level in zip(tool.rows(folder, "trades.csv"), tool.rows(folder, "levels.csv")):
        assert trade["trade_id"] == level["trade_id"]
        if trade["exit_reason"] != "X_STOP":
            continue
        stop, left = Decimal(level["stop_px"]), Decimal(trade["exit_px"])
        tick = Decimal("0.01") * stop / 100  # prices snap to the tick
        assert left <= stop + tick if trade["side"] == "long" else left >= stop - tick
        at_level += abs(left - stop) <= tick
    assert at_level > 10


def milliseconds(text):
    return int(np.datetime64(text[:-1], "ms").astype(int))


def paths(folder):
    found = {}
    for row in tool.rows(folder, "stops.csv"):
        found.setdefault(row["trade_id"], []).append((int(row["ts_ms"]), Decimal(row["stop_px"])))
    return found


def test_the_path_of_the_stop(base, tmp_path):
    """Close by close: it never loosens, ends at the stop in force at the exit, and no candle before the exit went through it."""
    folder = tmp_path / "run"
    keel(*base["words"], "--timerange", "20230201-20231101", "--no-baselines", "--run-dir", folder)
    assert json.loads((folder / "manifest.json").read_text())["candle_interval_ms"] == 3_600_000
    candles = {(row["symbol"], int(row["ts_ms"])): row for row in tool.rows(folder, "candles.csv")}
    trades, moved, crossed = paths(folder), 0, 0
    for trade, level in zip(tool.rows(folder, "trades.csv"), tool.rows(folder, "levels.csv")):
        side = 1 if trade["side"] == "long" else -1
        entry, left = milliseconds(trade["entry_ts"]), milliseconds(trade["exit_ts"])
        at_exit = [side * Decimal(level[key]) for key in ("stop_px", "trail_px") if level[key]]
        path = trades.get(trade["trade_id"], [])
        assert path or left - entry <= 3_600_000, trade
        if not path:
            continue
        times, prices = [t for t, _ in path], [side * px for _, px in path]
        assert times == sorted(set(times)) and entry < times[0] and times[-1] <= left
        assert prices == sorted(prices) and prices[-1] <= max(at_exit)
        moved += len(path) > 1
        for (t, px), end in zip(path, times[1:] + [left]):
            for open_ms in range(t, min(end, left - 3_600_000), 3_600_000):
                candle = candles[trade["symbol"], open_ms]
                assert Decimal(candle["low" if side > 0 else "high"]) * side > px * side, (trade["trade_id"], open_ms)
                crossed += 1
    assert moved > 20 and crossed > 100


def test_watching_the_stop_changes_nothing(base):
    """The run pauses at every bar for it: same trades, same state, with one account, several, and a user's file."""
    plain = json.loads(keel(*base["words"], "--json").stdout)
    assert [plain[key] for key in ("state_hash", "totals", "per_symbol")] == [base["document"][key] for key in ("state_hash", "totals", "per_symbol")]


def test_each_account_has_its_stops(base, tmp_path):
    """Two strategies that trade the same symbol on accounts of their own: each trade has the path of its own position."""
    (tmp_path / "two.yaml").write_text(f"run: {{store: {base['home'] / 'store'}, timeframe: 1h, symbols: [AAAUSDT]}}\n"
                                       "strategies:\n- {name: a, strategy: trend}\n"
                                       "- {name: b, strategy: trend, exits: {sl_atr_mult: 1.2}}\n")
    keel("backtest", "run", "--config", tmp_path / "two.yaml", "--no-baselines", "--run-dir", tmp_path / "run")
    found = paths(tmp_path / "run")
    by_strategy = {}
    for trade, level in zip(tool.rows(tmp_path / "run", "trades.csv"), tool.rows(tmp_path / "run", "levels.csv")):
        path = found.get(trade["trade_id"])
        if not path:
            continue
        side = 1 if trade["side"] == "long" else -1
        at_exit = max(side * Decimal(level[key]) for key in ("stop_px", "trail_px") if level[key])
        assert side * path[-1][1] <= at_exit
        by_strategy[trade["strategy"]] = by_strategy.get(trade["strategy"], 0) + 1
    assert len(by_strategy) == 2 and min(by_strategy.values()) > 10


def test_the_configuration_of_the_folder_gives_the_run_again(base):
    again = json.loads(keel("backtest", "run", "--config", base["run"] / "config.yaml", "--json").stdout)
    for key in ("run_id", "config_id", "state_hash"):
        assert again[key] == base["document"][key]


def test_the_report_is_made_of_the_folder_alone(base, tmp_path):
    keel("report", base["run"], "--html", tmp_path / "again.html", "--md", tmp_path / "again.md")
    assert (tmp_path / "again.html").read_bytes() == (base["run"] / "report.html").read_bytes()
    assert keel("report", base["run"], "--json").stdout == base["printed"]
    direct = tmp_path / "direct.html"
    keel(*base["words"], "--report", direct, "--no-baselines")
    assert direct.read_text().startswith("<!doctype html>") and [p.name for p in tmp_path.iterdir() if ".part" in p.name] == []


def test_a_run_folder_is_its_owners_alone(base, tmp_path):
    """Whatever the umask; folders above it and files that are asked for by name are as the umask says. [SEC-02] [LOG-02.1]"""
    old = os.umask(0o022)
    try:
        keel(*base["words"], "--no-baselines", "--run-dir", tmp_path / "a/run", "--export-trades", tmp_path / "t.csv")
    finally:
        os.umask(old)
    mode = lambda path: stat.S_IMODE(path.stat().st_mode)  # noqa: E731
    assert mode(tmp_path / "a/run") == 0o700 and {mode(p) for p in (tmp_path / "a/run").iterdir()} == {0o600}
    assert mode(tmp_path / "a") == 0o755 and mode(tmp_path / "t.csv") == 0o644
    assert json.loads((tmp_path / "a/run/manifest.json").read_text())["state"] == "ended"


def test_a_run_folder_is_replaced_and_nothing_else_is(base, tmp_path):
    folder = tmp_path / "a" / "b"
    words = base["words"] + ["--no-baselines", "--run-dir", folder]
    keel(*words)
    assert not (folder / "benchmark.csv").exists()
    keel(*words)
    (folder / "notes.txt").write_text("mine")
    line = refused(*words, code=2)
    assert "notes.txt" in line and "another folder" in line
    assert (folder / "notes.txt").read_text() == "mine" and (folder / "manifest.json").exists()
    (tmp_path / "file").write_text("mine")
    refused(*words[:-1], tmp_path / "file", code=2)
    assert (tmp_path / "file").read_text() == "mine"


def test_another_runs_folder_stays_unless_forced(base, tmp_path):
    """A second run with other settings is refused before it runs; --force replaces; the same run that ended elsewhere is an alarm."""
    folder = tmp_path / "mine"
    words = base["words"] + ["--no-baselines", "--run-dir", folder]
    keel(*words)
    before = (folder / "manifest.json").read_bytes()
    line = refused(*words, "--set", "leverage=2", code=2)
    assert "--force" in line and base["document"]["run_id"] in line
    assert (folder / "manifest.json").read_bytes() == before
    keel(*words, "--set", "leverage=2", "--force")
    assert tool.document(folder)["run_id"] != base["document"]["run_id"]
    keel(*words, "--force")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["run_id"] == base["document"]["run_id"]
    (folder / "manifest.json").write_text(json.dumps(manifest | {"state_hash": "0" * 16}))
    assert "another state" in refused(*words, code=6)
    (folder / "manifest.json").write_text("{")
    assert "--force" in refused(*words, code=2)
    keel(*words, "--force")
    assert tool.document(folder)["run_id"] == base["document"]["run_id"]
    (tmp_path / "empty").mkdir()
    keel(*words[:-1], tmp_path / "empty")


def test_a_changed_file_is_found_out(base, tmp_path):
    copy = tool.many_trades(base["run"], tmp_path / "copy", 3)
    with open(copy / "trades.csv", "a") as f:
        f.write("\n")
    assert "trades.csv" in refused("report", copy, code=6)
    (copy / "manifest.json").write_text("{}")
    refused("report", copy, code=4)
    refused("report", tmp_path / "absent", code=4)
    (copy / "manifest.json").unlink()
    assert "--run-dir" in refused("report", copy, code=4)


def test_a_home_keeps_its_runs(base, tmp_path):
    home = tmp_path / "home"
    keel("init", home)
    words = [str(w) for w in base["words"]]
    done = keel(*words, "--json", cwd=home)
    run_id = json.loads(done.stdout)["run_id"]
    assert f"runs/{run_id}/report.html" in done.stderr and (home / "runs" / run_id / "report.html").exists()
    assert json.loads(keel("report", run_id, "--json", cwd=home).stdout)["run_id"] == run_id
    keel(*words, "--no-run-dir", "--set", "leverage=2", cwd=home)
    assert [p.name for p in (home / "runs").iterdir()] == [run_id]


# ---- the short forms ----


def test_short_forms_say_the_same(base, tmp_path):
    totals = base["document"]["totals"]
    text = keel("report", base["run"], "--all").stdout
    keel("report", base["run"], "--md", tmp_path / "r.md")
    markdown = (tmp_path / "r.md").read_text()
    assert max(map(len, text.splitlines())) <= 100 and text.isascii()
    plain = rounded(totals["net_profit_usd"], 2).replace("\u2212", "-").replace(",", "")
    for form in (text, markdown):
        assert form.index("Verdict") < form.index("Absolute profit") < form.index("Exit reasons") < form.index("State hash")
        assert f"{plain} USD" in form and base["document"]["state_hash"] in form
        assert Decimal(base["document"]["cost_decomposition"]["net_usd"]) == Decimal(
            re.search(r"= Net[ |]+(-?[\d.]+)", form).group(1))
    assert text.splitlines()[1].startswith("Verdict: ")


def test_the_first_page_fits_a_terminal(base):
    """About 50 lines, verdict and findings first, and where the rest is; every line of it that has a figure is in --all too."""
    document = base["document"]
    text = keel("report", base["run"]).stdout
    lines = text.splitlines()
    assert len(lines) <= 60 and max(map(len, lines)) <= 100 and text.isascii() and "~" not in text
    assert lines[1].startswith("Verdict: ")
    flat = " ".join(text.split())
    for finding in document["findings"]:
        assert finding["text"] in flat
    assert flat.index(document["findings"][-1]["text"]) < flat.index("Absolute profit")
    costs = document["cost_decomposition"]
    assert (f"price {costs['price_usd']} + funding {costs['funding_usd']} - fees {costs['fees_usd']} - slippage "
            f"{costs['slippage_usd']} = net {costs['net_usd']} USD") in flat
    plain = rounded(document["totals"]["net_profit_usd"], 2).replace("\u2212", "-").replace(",", "")
    assert f"Absolute profit {plain} USD" in flat
    assert document["state_hash"] in text and "--all" in lines[-2] and "report.html" in lines[-1]


# ---- two runs ----


def test_two_runs_side_by_side(base, other, tmp_path):
    compared = json.loads(keel("report", base["run"], other, "--json").stdout)
    assert compared["schema"] == "keel.comparison"
    assert compared["a"]["run_id"] == base["document"]["run_id"] and compared["b"]["run_id"] == tool.document(other)["run_id"]
    assert {"name": "account.leverage", "a": "not given", "b": "2"} in compared["configuration"]
    a, b = base["document"]["totals"], tool.document(other)["totals"]
    for row in compared["totals"]:
        assert (row["a"], row["b"]) == (a[row["name"]], b[row["name"]])
        if isinstance(row["a"], str):
            assert Decimal(row["difference"]) == Decimal(row["b"]) - Decimal(row["a"])
        elif row["a"] is not None and row["b"] is not None:
            assert row["difference"] == row["b"] - row["a"]
    text = keel("report", base["run"], other).stdout
    assert max(map(len, text.splitlines())) <= 100
    assert re.search(r"account\.leverage +not given +2", text)


def test_a_run_against_itself_has_no_difference(base):
    compared = json.loads(keel("report", base["run"], base["run"], "--json").stdout)
    assert compared["configuration"] == []
    assert all(r["difference"] in (None, 0, 0.0, "0.00") for r in compared["totals"])


def test_words_that_cannot_be(base):
    assert subprocess.run([tool.KEEL, "report"], capture_output=True).returncode == 2
    refused("report", base["run"], "--html", base["home"] / "absent" / "x.html", code=4)
