"""Sweeps on a device, which is OpenCL on PoCL here: the processor's file byte for byte, whatever the strategy; a device
that is absent, lost or wrong is said [SWP-02] [SWP-04]."""
# time limit: 600 s
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import data_tool as tool
from parity import OWN, flags

SYMBOLS = "BTCUSDT,ETHUSDT,SOLUSDT"
RELEASE = os.environ.get("KEEL_BIN_RELEASE", "")
CROSS = ("--strategy", "ema_cross", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h", "--param", "fast=4:12:4", "--param",
         "slow=30:90:30")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("device") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", SYMBOLS, "--interval", "5m", "--days", 45, "--also", "1h",
              "--seed", 5)
    return folder


def sweep(store, folder, *more, binary=RELEASE, code=0):
    return tool.keel_json("sweep", "run", "--store", store, "--sweeps", folder, "--ledger", folder / "ledger", *more,
                          binary=binary, code=code)


def rows(document):
    return Path(document["trials_file"]).read_bytes()


def same_file(store, folder, *more, binary=RELEASE):
    folder.mkdir(exist_ok=True)
    here = sweep(store, folder / "cpu", *more)
    there = sweep(store, folder / "opencl", *more, "--device", "opencl", binary=binary)
    assert here["device"] == "cpu" and there["device"] == "opencl" and there["device_lost"] is None
    assert rows(there) == rows(here)
    assert there["best"] == here["best"]
    return here


def other(name):
    """A program of the tests with a device text that is wrong on purpose: the fee of a fill that opens a long is 1e-8 too
    large."""
    path = Path(RELEASE).parents[2] / "tests" / name
    assert path.exists(), path
    return path


# ---- the same file -----------------------------------------------------------------------------------------------

# With these as well, a breakout has more signals than the device text of the other strategies has room for: it would be
# compiled once more for this test alone. script/parity draws them.
ONE_TEXT = ("tsme_require_stoch", "gate_volume")


@pytest.mark.parametrize("strategy", OWN)
def test_the_processors_file(store, tmp_path, strategy):
    """[SWP-02.1] [SWP-02.2] [SWP-02.4] [SWP-03.5] [SWP-04.1] Every parameter of the core and of the strategy is drawn; several symbols,
    funding, finer bars. Only the summary names the device."""
    drawn = flags(strategy, ONE_TEXT if strategy == "donchian_breakout" else ())
    document = same_file(store, tmp_path, "--strategy", strategy, "--sampler", "random", "--trials", 40, *drawn,
                         "--symbols", "ETHUSDT,SOLUSDT", "--timeframe", "1h", "--detail", "5m")
    hashes = set(re.findall(rb'"state_hash":"(\w+)"', rows(document)))
    assert len(hashes) > (2 if strategy == "no_trade" else 20)


def made(folder, closes, wick):
    """A store with hours of these closes, each bar so much wider than its body, and funding."""
    start, hour = tool.START_MS, 3600000
    lines, before = [tool.HEADER], closes[0]
    for i, close in enumerate(closes):
        low, high = min(before, close) - wick, max(before, close) + wick
        lines.append(f"{start + i * hour},{before:.2f},{high:.2f},{low:.2f},{close:.2f},100")
        before = close
    rates = [f"{start + i * 8 * hour},0.0001" for i in range(len(closes) // 8 + 2)]
    for name, text, more in (("candles", lines, ("--interval", "1h")), ("funding", ["ts_ms,rate", *rates], ())):
        path = folder / f"{name}.csv"
        path.write_text("\n".join(text) + "\n")
        tool.keel("data", "import", path, "--store", folder / "made", "--venue", "binance-perp", "--symbol", "BTCUSDT", *more)
    return folder / "made"


HOLD = ("--strategy", "buy_hold", "--symbols", "BTCUSDT", "--timeframe", "1h")


def first_trade(store, folder, trial):
    """Of the backtest that repeats a trial of the processor's sweep."""
    out = folder / "trades.csv"
    tool.keel("backtest", "run", "--store", store, "--trial", trial, "--sweeps", folder / "cpu", "--export-trades", out,
              binary=RELEASE)
    names, first = out.read_text().splitlines()[:2]
    return dict(zip(names.split(","), first.split(",")))


def test_trailing_goes_on_after_a_partial_close(tmp_path):
    """[SWP-03.2] [EXT-03.4] Half is sold early in a long rise. The stop of the rest follows the rise to its end and leaves
    where the whole leaves without that sale, at the distance its parameter says; on the device as on the processor."""
    store = made(tmp_path, [100 + i % 2 for i in range(80)] + [101 + 0.5 * i for i in range(40)] +
                 [121 - 0.6 * i for i in range(60)], 0.5)
    document = same_file(store, tmp_path, *HOLD, "--timerange", "20240103-20240108", "--param",
                         "trailing_distance_atr=1,1.5,2.5", "--param", "enable_partial_tp=true,false", "--set",
                         "tp_atr_mult=90", "--set", "tp_partial_atr_mult=2", "--set", "tp_partial_pct=0.5", "--set",
                         "enable_trailing=true", "--set", "trailing_start_atr=1", "--set", "sl_atr_mult=3", "--set",
                         "slippage_bps=0")
    ends = {True: [], False: []}
    for line in rows(document).decode().splitlines()[1:]:
        row = json.loads(line)
        trade = first_trade(store, tmp_path, row["trial_hash"])
        assert trade["exit_reason"] == "X_TRAIL"
        ends[row["params"]["enable_partial_tp"]].append(float(trade["exit_px"]))  # of both sales, by quantity
    assert 121 > ends[False][0] > ends[False][1] > ends[False][2] > 116
    first_sale = [2 * both - rest for both, rest in zip(ends[True], ends[False])]
    assert 103 < min(first_sale) and max(first_sale) - min(first_sale) < 1e-6 and max(first_sale) < 106, first_sale


def test_a_glitch_is_the_same_on_the_device(tmp_path):
    """[SWP-03.4] [EXT-05] One close 30 % away: the stop waits where that is extreme, and fires where the guard is off or
    exactly 30 % is not more than 30 %."""
    store = made(tmp_path, [100.0] * 60 + [70.0] + [100.0] * 60, 0)
    document = same_file(store, tmp_path, *HOLD, "--param", "block_exits_on_extreme_dev=true,false", "--param",
                         "glitch_price_dev_pct=0.29,0.3,0.31", "--set", "glitch_atr_mult=1000", "--set", "sl_pct=0.1", "--set",
                         "tp_atr_mult=0", "--set", "enable_trailing=false", "--set", "enable_partial_tp=false")
    reasons = {}
    for line in rows(document).decode().splitlines()[1:]:
        row = json.loads(line)
        point = row["params"]["block_exits_on_extreme_dev"], row["params"]["glitch_price_dev_pct"]
        reasons[point] = first_trade(store, tmp_path, row["trial_hash"])["exit_reason"]
    assert reasons.pop((True, 0.29)) == "X_END_OF_DATA"
    assert len(reasons) == 5 and set(reasons.values()) == {"X_STOP"}, reasons


def test_tpe_and_failing_trials(store, tmp_path):
    """[SWP-02.3] Points that tpe proposes in batches; configurations that are refused fail with the same words."""
    same_file(store, tmp_path / "tpe", *CROSS[:6], "--param", "fast=3:20", "--param", "slow=21:90", "--sampler", "tpe",
              "--trials", 48, "--batch", 16)
    document = same_file(store, tmp_path / "bad", "--strategy", "trend", "--symbols", "BTCUSDT", "--timeframe", "1h", "--param",
                         "macd_fast=10:30:10", "--param", "macd_slow=20:40:20")
    assert document["failed"] == 2


def test_a_batch_of_4096(store, tmp_path):
    """[SWP-02.1] [SWP-02.3] As many configurations as tpe proposes at a time where a device is to be filled, in one batch; the
    second batch knows the first."""
    document = same_file(store, tmp_path, *CROSS[:2], "--symbols", "BTCUSDT", "--timeframe", "1h", "--timerange",
                         "20230115-20230120", "--param", "fast=2:40", "--param", "slow=41:200", "--sampler", "tpe", "--batch",
                         4096, "--trials", 4200)
    assert document["trials"] == 4200 and document["failed"] == 0


def test_ten_thousand_trades(store, tmp_path):
    """[SWP-03.5] A run of more than 10,000 trades is the same to the last unit of every total, by hash."""
    document = same_file(store, tmp_path, "--strategy", "momentum", "--symbols", SYMBOLS, "--timeframe", "5m", "--param",
                         "lookback=1,2", "--set", "allocation_pct=0.01", "--taker-fee-bps", 0.1)
    trades = [int(count) for count in re.findall(rb'"trades":(\d+)', rows(document))]
    assert len(trades) == 2 and min(trades) > 10_000, trades


def test_the_sanitizers_see_nothing(store, tmp_path):
    same_file(store, tmp_path, *CROSS, binary=tool.program())


def test_a_sweep_goes_on_elsewhere(store, tmp_path):
    """Begun on the processor, cut off, and ended on the device: one file."""
    document = sweep(store, tmp_path / "s", *CROSS)
    whole = rows(document)
    path = Path(document["trials_file"])
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    again = sweep(store, tmp_path / "s", *CROSS, "--device", "opencl", "--resume")
    assert rows(again) == whole and again["resumed"] == 3


# ---- a device that is not there ----------------------------------------------------------------------------------

def without_driver(*words, code):
    env = dict(os.environ, OCL_ICD_VENDORS="/nonexistent")
    run = subprocess.run([RELEASE, *map(str, words)], capture_output=True, text=True, timeout=300, env=env)
    assert run.returncode == code, run.stderr
    return run.stdout, run.stderr


def test_absence_is_an_error_or_the_processor_as_asked(store, tmp_path):
    """[SWP-02.5]"""
    whole = rows(sweep(store, tmp_path / "cpu", *CROSS))
    words = ("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger", *CROSS,
             "--device", "opencl")
    out, err = without_driver(*words, code=4)
    assert out == "" and "no device" in err and err.count("\n") == 1
    out, err = without_driver(*words, "--device-fallback", "cpu", "--json", code=0)
    assert "the processor runs all trials" in err and json.loads(out)["device"] == "cpu"
    assert rows(json.loads(out)) == whole


@pytest.mark.parametrize("words,line,code", [
    (("--device", "opencl:9"), "this machine has", 4), (("--device", "gpu"), "write one of cpu, opencl, cuda", 2),
    (("--device", "cpu:1"), "is no device", 2), (("--device", "opencl:x"), "is no device", 2),
    (("--device", "opencl", "--device-fallback", "gpu"), "--device-fallback", 2),
    (("--device", "opencl", "--pruner", "median"), "needs the processor", 2)])
def test_what_cannot_be_is_refused(store, tmp_path, words, line, code):
    assert line in tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger",
                                *CROSS, *words, code=code)


# ---- a device that is wrong --------------------------------------------------------------------------------------

def test_a_wrong_device_is_not_believed(store, tmp_path):
    """[SWP-04.3] The known-answer market finds it before it runs a trial; there is no fallback from that."""
    for more in ((), ("--device-fallback", "cpu")):
        line = tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger",
                            *CROSS, "--device", "opencl", *more, code=6, binary=other("keel_wrong_device"))
        assert "known answer" in line and "do not use it" in line
    assert (tmp_path / "ledger").read_bytes() == b""


def trades_of(store, folder, trial, binary=RELEASE):
    """Of the backtest that repeats a trial."""
    out = folder / "trades.csv"
    tool.keel("backtest", "run", "--store", store, "--trial", trial, "--sweeps", folder, "--export-trades", out,
              "--no-baselines", binary=binary, code=6)
    names, *lines = out.read_text().splitlines()
    return [dict(zip(names.split(","), line.split(","))) for line in lines]


TRADE_KEYS = {"symbol", "side", "entry_ts", "entry_px", "exit_ts", "exit_px", "qty", "notional_usd", "fees_usd", "funding_usd",
              "slippage_usd", "pnl_usd", "entry_reason", "exit_reason", "bars_held"}


def e8(text):
    return round(float(text) * 1e8)


def test_a_wrong_row_is_found_by_confirm(store, tmp_path):
    """[SWP-04] [SWP-04.2] Where the known answers were believed blindly: rows that differ by one unit of one fee are found
    by hash, and the device asked again shows the first diverging trade from both sides. The report has that trade, what
    happened and was decided around it, sums by symbol and every parameter."""
    folder = tmp_path / "s"
    wrong = sweep(store, folder, *CROSS, "--device", "opencl", binary=other("keel_credulous"))
    words = ("sweep", "confirm", wrong["sweep_id"], "--sweeps", folder, "--all")
    answer = tool.keel_json(*words, binary=RELEASE, code=6)
    assert answer["different"] == answer["checked"] == 9
    assert answer["first_difference"]["difference"]["what"] == "state_hash" and answer["first_difference"]["event"] is None
    row_only = json.loads(Path(answer["first_difference"]["report"]).with_suffix(".json").read_text())
    assert row_only["first_diverging_trade"] is None and [side["name"] for side in row_only["sides"]] == ["plain", "row"]

    plain = trades_of(store, folder, answer["first_difference"]["trial_hash"])
    first = next(i for i, trade in enumerate(plain) if trade["side"] == "long")
    assert first > 0, "a trade before it must be the same"
    answer = tool.keel_json(*words, "--device", "opencl", binary=other("keel_credulous"), code=6)
    event = answer["first_difference"]["event"]
    assert event["what"] == f"trade {first + 1} fees_e8"
    fee = [round(float(re.search(r"fees ([\d.]+)", event[side])[1]) * 1e8) for side in ("sweep", "plain")]
    assert fee[0] - fee[1] == 1
    check_report(Path(answer["first_difference"]["report"]), plain, first)


def check_report(path, plain, first):
    report = json.loads(path.with_suffix(".json").read_text())
    assert (report["schema"], report["schema_version"], report["equal"]) == ("keel.parity_failure", 1, False)
    trade = report["first_diverging_trade"]
    assert trade["trade"] == first + 1
    for key in TRADE_KEYS & plain[first].keys():
        said, known = str(trade["plain"][key]), plain[first][key]
        assert said == known or e8(said) == e8(known), key
    differ = {key for key in TRADE_KEYS if trade["plain"][key] != trade["opencl"][key]}
    assert differ == {"fees_usd", "pnl_usd"} and e8(trade["opencl"]["fees_usd"]) == e8(trade["plain"]["fees_usd"]) + 1
    sides = {side["name"]: side for side in report["sides"]}
    assert sides["row"]["state_hash"] == sides["opencl"]["state_hash"] != sides["plain"]["state_hash"]
    for name in ("plain", "opencl"):
        events = sides[name]["events"]
        assert events == sorted(events, key=lambda e: e["ts"]) and len(events) <= 24
        at = [e for e in events if e["trade"] == first + 1]
        assert [e["event"] for e in at] == ["open", "close"] and not any(e["same"] for e in at)
        assert any(e["ts"] < at[0]["ts"] for e in events) and any(e["ts"] > at[1]["ts"] for e in events)
        assert all(e["same"] == (plain[e["trade"] - 1]["side"] == "short") for e in events)
    opened = trade["plain"]["entry_ts"]
    assert any(d["ts"] == opened and d["command"] for d in sides["plain"]["decisions"]) and sides["opencl"]["decisions"] is None
    assert [row["symbol"] for row in report["per_symbol"]] == ["BTCUSDT", "ETHUSDT"]
    for row in report["per_symbol"]:
        own = [t for t in plain if t["symbol"] == row["symbol"]]
        assert row["plain"]["trades"] == row["opencl"]["trades"] == len(own)
        for key in ("pnl_usd", "fees_usd", "funding_usd"):
            assert e8(row["plain"][key]) == sum(e8(t[key]) for t in own), key
        longs = sum(t["side"] == "long" for t in own)
        assert e8(row["opencl"]["fees_usd"]) - e8(row["plain"]["fees_usd"]) == longs
        total = peak = fall = 0
        for t in own:
            total += e8(t["pnl_usd"])
            peak = max(peak, total)
            fall = max(fall, peak - total)
        assert e8(row["plain"]["max_drawdown_usd"]) == fall
    schema = json.loads(tool.keel("config", "schema", "--strategy", "ema_cross")[0])
    paths = {f"{section}.{key}" for section, about in schema["properties"].items() for key in about.get("properties", {})}
    dumped = {p["path"]: p for p in report["parameters"]}
    assert paths <= dumped.keys() and dumped["strategy.fast"]["value"] == 4
    for key in ("dataset_hash", "build", "core", "device", "config_id", "trial_hash", "range"):
        assert report[key], key
    text = path.read_text()
    assert f"First diverging trade: number {first + 1}" in text and "strategy.fast" in text and trade["opencl"]["fees_usd"] in text


def test_a_right_device_is_confirmed(store, tmp_path):
    """[SWP-04.1] Row, backtest, plain loop and device agree in hash, trades and every total."""
    folder = tmp_path / "s"
    document = sweep(store, folder, *CROSS, "--device", "opencl")
    answer = tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", folder, "--all", "--device", "opencl",
                            binary=RELEASE)
    assert answer["confirmed"] == answer["checked"] == 9 and answer["different"] == 0
    assert len(answer["devices"]) == 1


def test_every_device_at_hand_is_asked(store, tmp_path):
    """[SWP-04.1] `--device all`: each that doctor calls usable; without a driver the processor alone, which is said."""
    folder = tmp_path / "s"
    document = sweep(store, folder, *CROSS)
    words = ("sweep", "confirm", document["sweep_id"], "--sweeps", folder, "--top", "2", "--device", "all")
    answer = tool.keel_json(*words, binary=RELEASE)
    assert answer["confirmed"] == answer["checked"] == 2 and len(answer["devices"]) >= 1
    assert tool.keel_json(*words[:-1], "opencl", binary=RELEASE)["devices"][0] in answer["devices"]
    nothing = tmp_path / "no_drivers"
    nothing.mkdir()
    env = dict(os.environ, OCL_ICD_VENDORS=str(nothing), CUDA_VISIBLE_DEVICES="")
    done = subprocess.run([RELEASE, *map(str, words)], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "2 equal, 0 different" in done.stdout
    assert "no device is at hand" in done.stderr and "as well" not in done.stdout
    more = ("--store", store, "--sweeps", folder, "--device", "all", *CROSS)
    refused = subprocess.run([RELEASE, "sweep", "run", *map(str, more)], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "write one of cpu, opencl, cuda" in refused.stderr
