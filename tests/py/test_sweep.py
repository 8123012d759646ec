"""`keel sweep` at its border: a trial is the same run as a backtest, the file does not depend on threads or interruption,
the alarm works, the ledger counts, bad input is refused in one line."""
import json
import os
import signal
import statistics
import subprocess
import time
from pathlib import Path

import pytest

import data_tool as tool

SYMBOLS = "BTCUSDT,ETHUSDT"
RUN = ("--strategy", "ema_cross", "--symbols", SYMBOLS, "--timeframe", "1h")
TRAILING = "trailing_start_atr"
GRID = ("--param", "fast=4:12:4", "--param", "slow=30:90:30")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", SYMBOLS, "--interval", "5m", "--days", 40, "--also", "1h",
              "--seed", 11)
    return folder


def sweep(store, folder, *more, run=RUN, code=0):
    """Run a sweep with a ledger of its own; returns its document."""
    return tool.keel_json("sweep", "run", "--store", store, "--sweeps", folder, "--ledger", folder.parent / "ledger", *run,
                          *more, code=code)


def refused(store, tmp_path, *more, code=2, run=RUN):
    line = tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger", *run,
                        *more, code=code)
    assert not (tmp_path / "ledger").exists() or (tmp_path / "ledger").read_bytes() == b""
    return line


def rows_of(path):
    lines = open(path, encoding="utf-8").read().splitlines()
    return json.loads(lines[0]), [json.loads(line) for line in lines[1:]]


def assignments(params):
    return [word for name, value in params.items() for word in ("--set", f"{name}={json.dumps(value)}".replace('"', ""))]


# ---- a trial is a backtest -----------------------------------------------------------------------------------

@pytest.mark.parametrize("timeframe", ["1h", "5m"])
def test_a_trial_is_the_backtest_with_its_parameters(store, tmp_path, timeframe):
    """[T-214] [SWP-05] Hash, identity and every total, also where each configuration loads its own history (5 m)."""
    run = ("--strategy", "ema_cross", "--symbols", SYMBOLS, "--timeframe", timeframe, "--timerange", "20230120-20230205",
           "--slippage-bps", 1.5)
    document = sweep(store, tmp_path / "s", *GRID, run=run)
    header, rows = rows_of(document["trials_file"])
    assert header["effective_days"] == 16 and document["trials"] == len(rows) == 9 and document["failed"] == 0
    hashes = set()
    for row in rows:
        alone = tool.keel_json("backtest", "run", "--store", store, "--no-baselines", *run, *assignments(row["params"]))
        assert (row["state_hash"], row["config_id"]) == (alone["state_hash"], alone["config_id"])
        assert row["totals"] == alone["totals"] and row["target"] == alone["totals"]["sharpe"]
        hashes.add(row["state_hash"])
    assert len(hashes) == 9
    best = max(rows, key=lambda row: row["target"])
    assert document["best"]["trial_hash"] == best["trial_hash"] and document["best"]["totals"] == best["totals"]
    again = tool.keel_json("backtest", "run", "--trial", best["trial_hash"], "--sweeps", tmp_path / "s")
    assert again["state_hash"] == best["state_hash"] and again["totals"] == best["totals"]


def test_what_a_configuration_watches_is_its_own(store, tmp_path):
    """[SWP-05] Bitcoin is watched by the trials that look at it only, and a switched off gate changes the tape."""
    run = ("--strategy", "trend", "--symbols", "ETHUSDT", "--timeframe", "1h", "--detail", "5m")
    document = sweep(store, tmp_path / "s", "--param", "gate_btc=true,false", "--param", "gate_breadth=true,false",
                     "--param", "sl_atr_mult=1,2.5", run=run)
    for row in rows_of(document["trials_file"])[1]:
        alone = tool.keel_json("backtest", "run", "--store", store, "--no-baselines", *run, *assignments(row["params"]))
        assert row["state_hash"] == alone["state_hash"] and row["totals"] == alone["totals"]


def test_a_trial_needs_its_hash_only(store, tmp_path):
    """[SWP-04] `backtest run --trial HASH` from where the sweep was run, with no other flag."""
    words = [tool.program(), "sweep", "run", "--store", "store", "--ledger", "ledger", *RUN, *GRID, "--json"]
    os.symlink(store, tmp_path / "store")
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    best = json.loads(ran.stdout)["best"]
    again = subprocess.run([tool.program(), "backtest", "run", "--trial", best["trial_hash"], "--json"], cwd=tmp_path,
                           capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["state_hash"] == best["state_hash"]
    line = tool.refused("backtest", "run", "--trial", best["trial_hash"], "--sweeps", tmp_path / "sweeps", "--leverage", 2,
                        code=2)
    assert "--leverage would make it another run" in line
    tool.refused("backtest", "run", "--trial", "0" * 64, "--sweeps", tmp_path / "sweeps", code=4)
    tool.refused("backtest", "run", "--trial", "xyz", "--sweeps", tmp_path / "sweeps", code=2)


# ---- determinism ---------------------------------------------------------------------------------------------

SAMPLERS = {
    "grid": ("--sampler", "grid", "--param", "fast=4:12:2", "--param", "slow=30:60:10"),
    "random": ("--sampler", "random", "--trials", 40, "--param", "fast=2:20", "--param", "slow=30:90"),
    "sobol": ("--sampler", "sobol", "--trials", 40, "--seed", 5, "--param", "fast=2:20", "--param", "slow=30:90"),
    "tpe": ("--sampler", "tpe", "--trials", 70, "--param", "fast=2:20", "--param", "allocation_pct=0.01:0.5:log"),
    "pruned": ("--sampler", "tpe", "--trials", 70, "--pruner", "median", "--batch", 4, "--param", "fast=2:20",
               "--param", "slow=30:90", "--constraint", "max_drawdown_pct < 3"),
}


def test_as_many_threads_as_this_process_may_use(store, tmp_path):
    """Not as many as the machine has: a processor that `taskset` keeps away would only be waited for."""
    mine = os.sched_getaffinity(0)
    try:
        for name, few in {"one": {min(mine)}, "all": mine}.items():
            os.sched_setaffinity(0, few)
            assert sweep(store, tmp_path / name, *GRID)["threads"] == len(few)
    finally:
        os.sched_setaffinity(0, mine)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_file_does_not_depend_on_threads(store, tmp_path, name):
    """[BKT-06.2] [T-214] [SWP-01.1] One, two and seven threads write the same bytes; another seed other ones."""
    files = []
    for threads in (1, 2, 7):
        document = sweep(store, tmp_path / str(threads), "--threads", threads, *SAMPLERS[name])
        files.append(open(document["trials_file"], "rb").read())
    assert files[0] == files[1] == files[2] and files[0].count(b"\n") == 1 + document["trials"]
    if name != "grid":
        other = sweep(store, tmp_path / "other", *SAMPLERS[name], "--seed", 77) if name != "sobol" else None
        assert other is None or open(other["trials_file"], "rb").read().split(b"\n")[1:] != files[0].split(b"\n")[1:]
    if name == "pruned":
        assert 0 < document["pruned"] < 70


@pytest.mark.parametrize("name", ["grid", "pruned"])
@pytest.mark.parametrize("keep", [0, 1, 7, 19])
def test_resume_ends_in_the_same_bytes(store, tmp_path, name, keep):
    """[SWP-01.4] Cut after any row, in the middle of one too: the rest is the same, and nothing is counted twice."""
    document = sweep(store, tmp_path / "a", *SAMPLERS[name])
    whole = open(document["trials_file"], "rb").read()
    lines = whole.split(b"\n")
    for torn in (b"", lines[keep + 1][: len(lines[keep + 1]) // 2]):
        with open(document["trials_file"], "wb") as file:
            file.write(b"\n".join(lines[: keep + 1]) + b"\n" + torn)
        if keep > 0:
            line = tool.refused("sweep", "run", "--store", store, "--sweeps", tmp_path / "a", "--ledger", tmp_path / "ledger",
                                *RUN, *SAMPLERS[name], code=2)
            assert "--resume" in line and f"{keep} of {document['trials']}" in line
        again = sweep(store, tmp_path / "a", *SAMPLERS[name], "--resume", "--threads", 2)
        assert open(again["trials_file"], "rb").read() == whole
        assert again["resumed"] == keep and again["best"] == document["best"]
        assert again["trials_spent_on_dataset"] == document["trials_spent_on_dataset"]


def test_interrupting_keeps_what_is_done(store, tmp_path):
    """[SWP-01.4] Ctrl-C ends with 130 and says how to go on; going on ends in the same file."""
    slow = ("--strategy", "trend", "--symbols", SYMBOLS, "--timeframe", "5m", "--sampler", "random", "--trials", 50000,
            "--param", "entry_min_adx=10:40")
    words = [tool.program(), "sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger",
             *slow, "--threads", "2", "--progress"]
    process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    found = []
    while not found or found[0].stat().st_size < 50000:  # some rows were written
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
        found = list((tmp_path / "s").glob("*/trials.jsonl"))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume" in err and "trials, " in err
    kept = found[0].read_bytes()
    assert kept.endswith(b"\n") and kept.count(b"\n") > 5
    _, rows = rows_of(found[0])
    assert [row["trial"] for row in rows] == list(range(len(rows)))
    assert f"{len(rows)} of 50000 trials are kept" in err


def test_a_complete_sweep_may_be_run_again(store, tmp_path):
    first = sweep(store, tmp_path / "s", *GRID)
    whole = open(first["trials_file"], "rb").read()
    second = sweep(store, tmp_path / "s", *GRID)
    assert open(second["trials_file"], "rb").read() == whole and second["sweep_id"] == first["sweep_id"]
    assert os.listdir(os.path.dirname(first["trials_file"])) and second["trials_spent_on_dataset"] == 9
    third = sweep(store, tmp_path / "s", *GRID, "--resume")
    assert third["resumed"] == 9 and third["best"] == first["best"]


# ---- confirm: the alarm --------------------------------------------------------------------------------------

def test_confirm_runs_trials_again(store, tmp_path):
    """[SWP-04] Every trial equals the plain path: hash, trades, totals."""
    document = sweep(store, tmp_path / "s", *GRID)
    words = ("sweep", "confirm", document["sweep_id"][:8], "--sweeps", tmp_path / "s")
    every = tool.keel_json(*words, "--all")
    assert (every["checked"], every["confirmed"], every["different"], every["first_difference"]) == (9, 9, 0, None)
    assert tool.keel_json(*words, "--top", 3)["checked"] == 3
    one = tool.keel_json("sweep", "confirm", document["best"]["trial_hash"], "--sweeps", tmp_path / "s")
    assert one["confirmed"] == 1
    assert "give --top N or --all" in tool.refused(*words, code=2)
    tool.refused("sweep", "confirm", "ffffffff", "--sweeps", tmp_path / "s", "--all", code=4)


@pytest.mark.parametrize("change,what", [
    (lambda row: row.replace('"state_hash":"', '"state_hash":"f', 1).replace('","target"', 'X","target"', 1), None),
    (lambda row: row.replace('"trades":', '"trades":1', 1), "totals.trades"),
    (lambda row: row.replace('"fees_usd":"', '"fees_usd":"0', 1), "totals.fees_usd"),
    (lambda row: row.replace('"fast":4', '"fast":5', 1), "status"),
    (lambda row: row.replace('"fast":4', '"fast":-4', 1), "status"),
])
def test_confirm_raises_the_alarm(store, tmp_path, change, what):
    """[SWP-04.2] One changed figure in one row is exit code 6, and is named with both sides."""
    document = sweep(store, tmp_path / "s", *GRID)
    lines = open(document["trials_file"], encoding="utf-8").read().split("\n")
    changed = change(lines[3])
    if what is None:  # another hash of the right length
        row = json.loads(lines[3])
        flipped = row["state_hash"][:-1] + ("0" if row["state_hash"][-1] != "0" else "1")
        changed, what = lines[3].replace(row["state_hash"], flipped), "state_hash"
    assert changed != lines[3]
    open(document["trials_file"], "w", encoding="utf-8").write("\n".join(lines[:3] + [changed] + lines[4:]))
    out, err = tool.keel("sweep", "confirm", document["sweep_id"], "--sweeps", tmp_path / "s", "--all", "--json", code=6)
    answer = json.loads(out)
    first = answer["first_difference"]
    assert (answer["confirmed"], answer["different"]) == (8, 1) and first["trial"] == 2
    assert first["difference"]["what"] == what and first["difference"]["row"] != first["difference"]["plain"]
    assert "1 of 9 trials" in err
    report = json.loads(Path(first["report"]).with_suffix(".json").read_text())
    assert bool(report["parameters"]) == ('"fast":-' not in changed)  # values that are refused are nobody's
    assert first["report"] in err and report["trial_hash"] == first["trial_hash"] and report["difference"]["what"] == what
    if what == "state_hash":
        assert "the row was changed" in first["verdict"]
        again = tool.keel("backtest", "run", "--trial", json.loads(lines[3])["trial_hash"], "--sweeps", tmp_path / "s",
                          "--no-baselines", code=6)
        assert "is not the trial" in again[1]


# ---- the ledger ----------------------------------------------------------------------------------------------

def test_the_ledger_counts_what_was_tried_on_the_data(store, tmp_path):
    """[BKT-06.3] [T-215] Trials of every sweep on overlapping data, each once; other data counts for itself."""
    early, late = ("--timerange", "20230102-20230115"), ("--timerange", "20230120-20230205")
    spent = lambda *more: sweep(store, tmp_path / "s", *more)["trials_spent_on_dataset"]
    assert spent(*GRID, *early) == 9
    assert spent(*GRID, *early) == 9
    assert spent("--param", "fast=4,5", *early) == 11
    assert spent(*GRID, *late) == 9
    assert spent(*GRID) == 29  # overlaps both
    eth = ("--strategy", "ema_cross", "--symbols", "ETHUSDT", "--timeframe", "1h")
    assert sweep(store, tmp_path / "s", *GRID, *early, run=eth)["trials_spent_on_dataset"] == 9 + 11 + 9
    text = (tmp_path / "ledger").read_text()
    assert text.startswith("keel.trial_ledger 1\n") and text.count("\nT ") == 9 + 2 + 9 + 9 + 9


@pytest.mark.parametrize("line,change", [(0, ("1", "2")), (1, ("ema_cross", "momentum")), (4, ("T ", "T  ")),
                                         (5, None), (-1, ("T", "U"))])
def test_a_changed_ledger_is_seen(store, tmp_path, line, change):
    """[BKT-06.3] Every line follows from the one before; a line that was changed, or taken out, is refused."""
    sweep(store, tmp_path / "s", *GRID)
    lines = (tmp_path / "ledger").read_text().split("\n")[:-1]
    if change:
        lines[line] = lines[line].replace(*change, 1)
    else:
        del lines[line]
    (tmp_path / "ledger").write_text("\n".join(lines) + "\n")
    before = (tmp_path / "ledger").read_bytes()
    out, err = tool.keel("sweep", "run", "--store", store, "--sweeps", tmp_path / "s", "--ledger", tmp_path / "ledger", *RUN,
                         *GRID, code=2 if line == 0 else 6)
    assert out == "" and "ledger" in err and (tmp_path / "ledger").read_bytes() == before


def test_a_torn_ledger_line_is_cut(store, tmp_path):
    sweep(store, tmp_path / "s", *GRID)
    whole = (tmp_path / "ledger").read_bytes()
    (tmp_path / "ledger").write_bytes(whole + b"T half of a li")
    assert sweep(store, tmp_path / "s", "--param", "fast=4,5")["trials_spent_on_dataset"] == 11
    assert (tmp_path / "ledger").read_bytes().startswith(whole + b"S ")


def test_luck_is_labelled(store, tmp_path):
    """[BKT-06.3] [T-215] The best of many on noise is no evidence; the limit alone is enough for the label."""
    document = sweep(store, tmp_path / "s", *GRID)
    s = document["significance"]
    assert document["labels"] == ["UNTRUSTWORTHY_MULTIPLE_TRIALS"]
    assert s["p_holm"] > 0.05 and s["p_bonferroni"] >= s["p_holm"] >= s["p_value"] and "above 0.05" in s["verdict"]
    assert s["deflated_sharpe"] < document["best"]["totals"]["psr"]
    assert "limit is 3" in sweep(store, tmp_path / "s", *GRID, "--trial-limit", 3)["significance"]["verdict"]
    one = sweep(store, tmp_path / "fresh" / "s", "--param", "fast=6", run=RUN) if (tmp_path / "fresh").mkdir() is None else 0
    assert one["trials_spent_on_dataset"] == 1
    assert one["significance"]["p_holm"] == one["significance"]["p_value"]
    assert one["significance"]["sharpe_daily_expected_max"] == 0
    assert one["significance"]["deflated_sharpe"] == pytest.approx(one["best"]["totals"]["psr"], abs=1e-12)


# ---- bad input -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words,says", [
    ((), "nothing to vary"),
    (("--param", "fast"), "NAME=VALUES"),
    (("--param", "fast="), "no list of values"),
    (("--param", "fast=20:4:2"), "fast is empty"),
    (("--param", "fast=4:20:0"), "step above 0"),
    (("--param", "fast=4:20:-2"), "step above 0"),
    (("--param", "fast=4:20:x"), "not a number"),
    (("--param", "fast=4:20:2:2"), "more than three parts"),
    (("--param", "fast=4:20:1.5"), "not a whole number"),
    (("--param", "fast=0:20:1"), "out of bounds"),
    (("--param", "fast=4,4"), "twice"),
    (("--param", "fast=4,5", "--param", "fast=6,7"), "swept twice"),
    (("--param", "fast=4,5", "--set", "fast=6"), "both fixed and swept"),
    (("--param", "leverage=1,2", "--leverage", "2"), "both fixed and swept"),
    (("--param", "quick=4,5"), "unknown parameter 'quick': --param: 'keel config schema' lists all"),
    (("--param", "fats=4,5"), "nearest is 'fast'"),
    (("--param", "run.timeframe=1h,4h"), "cannot be swept"),
    (("--param", "allow_short=0:1"), "is not a number"),
    (("--param", "allocation_pct=0:0.5:log", "--sampler", "random"), "low above 0"),
    (("--param", "allocation_pct=0.1:0.5"), "a grid needs a step"),
    (("--param", "macd_fast=30:40:5", "--param", "macd_slow=10:20:5"), "no point of the space is a configuration"),
    (("--param", "fast=4,5", "--constraint", "max_dd < 25"), "unknown metric 'max_dd'"),
    (("--param", "fast=4,5", "--constraint", "max_drawdown_pct"), "no constraint"),
    (("--param", "fast=4,5", "--constraint", "max_drawdown_pct < many"), "no constraint"),
    (("--param", "fast=4,5", "--constraint", "trades > 5", "--constraint", "trades < 3"), "no trial can have both"),
    (("--param", "fast=4,5", "--constraint", "trades >= 5", "--constraint", "trades < 5"), "no trial can have both"),
    (("--param", "fast=4,5", "--constraint", "trades = 5", "--constraint", "trades = 6"), "no trial can have both"),
    (("--param", "fast=4,5", "--constraint", "max_drawdown_pct < nan"), "no constraint"),
    (("--param", "fast=4,5", "--constraint", ""), "no constraint"),
    (("--param", "sl_atr_mult=nan:1"), "not a number"),
    (("--param", "sl_atr_mult=1:1000"), "out of bounds"),
    (("--param", "sl_atr_mult=4:2:log"), "swap them"),
    (("--param", "sl_atr_mult=0:100:0.00000001"), "take a larger step"),
    (("--param", "enable_trailing=true,false,maybe"), "not a truth value"),
    (("--param", "fast=4,5", "--target", "sharp"), "nearest is 'sharpe'"),
    (("--param", "fast=4,5", "--sampler", "genetic"), "grid, random, sobol, tpe"),
    (("--param", "fast=4,5", "--device", "gpu"), "write one of cpu"),
    (("--param", "fast=4,5", "--cluster", "pbs"), "write one of none, slurm"),
    (("--param", "fast=4,5", "--trials", "0"), "out of bounds"),
    (("--param", "fast=4,5", "--threads", "0"), "out of bounds"),
    (("--param", "fast=4,5", "--resume", "--restart"), "contradict"),
])
def test_contradictions_are_refused(store, tmp_path, words, says):
    """[SWP-01.1] Empty and contradictory spaces, bounds outside the table, unknown metrics: one line, nothing written."""
    assert says in refused(store, tmp_path, *words)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("text,says", [
    ("", "the space is empty"),
    ("space:\n", "the space is empty"),
    ("[1, 2]\n", "the space is empty"),
    ("fast: []\n", "fast is empty"),
    ("fast:\n", "fast is empty"),
    ("fast: {low: 4}\n", "fast is empty"),
    ("fast: {low: 4, high: 8, values: [1]}\n", "both values and bounds"),
    ("fast: {low: 4, high: 8, stap: 1}\n", "unknown or wrong 'stap'"),
    ("fast: {type: float, low: 4, high: 8}\n", "another type"),
    ("fast: {type: word, low: 4, high: 8}\n", "unknown type"),
    ("allow_short: {type: int, low: 0, high: 1}\n", "another type"),
    ("fast: {low: 4, high: 8, when: {slow: 3}}\nslow: 3:5:1\n", "not swept before it"),
    ("fast: 4:8:2\nslow: {low: 20, high: 30, when: {fast: 5}}\n", "which it never is"),
    ("fast: 4:8:2\nslow: {low: 20, high: 30, when: {fast: []}}\n", "waits for no value"),
    ("allocation_pct: {type: float, low: 0.1, high: 0.2}\nslow: {low: 20, high: 30, when: {allocation_pct: 0.1}}\n",
     "give that one a step"),
    ("fast: [4, [5]]\n", "list plain values"),
    ("fast: 4:8:2\nfast: 4:8:2\n", "fast"),
    ("fast: &x 3\n", "anchor"),
])
def test_space_files_are_judged(store, tmp_path, text, says):
    """[SWP-01.1] The line names the file and the line."""
    file = tmp_path / "space.yaml"
    file.write_text(text)
    line = refused(store, tmp_path, "--space", file)
    assert says in line and "space.yaml" in line


def test_a_space_file_is_the_flags(store, tmp_path):
    """[SWP-01.1] int, float, log, enum, bool, conditions; what does not hold leaves its parameter alone."""
    file = tmp_path / "space.yaml"
    file.write_text("""
space:
  fast: {type: int, low: 4, high: 12, step: 4}   # as --param fast=4:12:4
  slow: [30, 60, 90]
""")
    by_file = sweep(store, tmp_path / "a", "--space", file)
    by_flag = sweep(store, tmp_path / "b", "--param", "fast=4:12:4", "--param", "slow=30,60,90")
    assert by_file["sweep_id"] == by_flag["sweep_id"]
    assert open(by_file["trials_file"], "rb").read() == open(by_flag["trials_file"], "rb").read()
    file.write_text("parameters:\n  fast: {min: 4, max: 12, step: 4}\n  slow: {choices: [30, 60, 90]}\n")
    assert sweep(store, tmp_path / "a", "--space", file)["sweep_id"] == by_flag["sweep_id"]
    file.write_text("""
enable_trailing: {type: bool}
trailing_start_atr: {type: log-float, low: 0.5, high: 8, when: {enable_trailing: true}}
entry_min_confidence: {type: int, low: 0, high: 2}
max_gross_exposure: {type: float, low: 0.5, high: 2, step: 0.5}
""")
    document = sweep(store, tmp_path / "c", "--space", file, "--sampler", "random", "--trials", 60)
    rows = rows_of(document["trials_file"])[1]
    for row in rows:
        assert (TRAILING in row["params"]) == row["params"]["enable_trailing"]
        assert row["params"]["max_gross_exposure"] in (0.5, 1.0, 1.5, 2.0) and row["params"]["entry_min_confidence"] in (0, 1, 2)
    values = sorted(row["params"][TRAILING] for row in rows if TRAILING in row["params"])
    assert values[0] >= 0.5 and values[-1] <= 8 and 1 < values[len(values) // 2] < 4.5  # the middle of the logarithm is 2


def test_a_conditional_grid_has_each_point_once(store, tmp_path):
    file = tmp_path / "space.yaml"
    file.write_text(f"enable_trailing: [true, false]\n{TRAILING}: {{low: 1, high: 3, step: 1, when: {{enable_trailing: true}}}}\n"
                    "fast: [4, 6]\n")
    document = sweep(store, tmp_path / "s", "--space", file)
    points = [json.dumps(row["params"]) for row in rows_of(document["trials_file"])[1]]
    assert len(points) == len(set(points)) == document["trials"] == (3 + 1) * 2


def test_some_points_may_fail(store, tmp_path):
    """[SWP-01.4] [BKT-06.2] [T-235] A point that is no configuration is a row that says why; the others run: every trial
    has a row."""
    document = sweep(store, tmp_path / "s", "--param", "macd_fast=10:30:10", "--param", "macd_slow=20:40:20",
                     run=("--strategy", "trend", "--symbols", SYMBOLS, "--timeframe", "1h"))
    rows = rows_of(document["trials_file"])[1]
    failed = [row for row in rows if row["status"] == "failed"]
    assert document["failed"] == len(failed) == 2
    for row in failed:
        assert row["state_hash"] is None and row["totals"] is None and "macd_fast" in row["error"]
    every = tool.keel_json("sweep", "confirm", document["sweep_id"], "--sweeps", tmp_path / "s", "--all")
    assert every["confirmed"] == 6


# ---- looking for something -----------------------------------------------------------------------------------

def test_target_and_constraints(store, tmp_path):
    """[SWP-01.2] The best is the best of those within the limits; costs and drawdowns are minimised."""
    document = sweep(store, tmp_path / "s", *SAMPLERS["grid"], "--target", "max_drawdown_pct", "--constraint",
                     "trades > 60", "--constraint", "net_profit_usd>= -1000")
    rows = rows_of(document["trials_file"])[1]
    good = [row for row in rows if row["totals"]["trades"] > 60 and float(row["totals"]["net_profit_usd"]) >= -1000]
    assert 0 < len(good) < len(rows) and document["infeasible"] == len(rows) - len(good)
    assert [row["feasible"] for row in rows] == [row in good for row in rows]
    best = min(good, key=lambda row: row["totals"]["max_drawdown_pct"])
    assert document["best"]["trial_hash"] == best["trial_hash"]


def test_every_metric_is_a_total(store, tmp_path):
    """Names in the list of metrics are keys of totals, and all numbers of totals are metrics."""
    header = Path(__file__).resolve().parents[2] / "src/research/sweep/metric.h"
    names = [line.split("(")[1].split(",")[0] for line in header.read_text().split("\n") if line.startswith("    X(")]
    totals = sweep(store, tmp_path / "s", *GRID)["best"]["totals"]
    assert names and set(names) <= set(totals)


def test_list_and_show(store, tmp_path):
    document = sweep(store, tmp_path / "s", *SAMPLERS["grid"])
    listed = tool.keel_json("sweep", "list", "--sweeps", tmp_path / "s")["sweeps"]
    assert [s["sweep_id"] for s in listed] == [document["sweep_id"]] and listed[0]["complete"]
    shown = tool.keel_json("sweep", "show", document["sweep_id"][:6], "--sweeps", tmp_path / "s", "--top", 4)
    assert [row["target"] for row in shown["rows"]] == sorted((r["target"] for r in shown["rows"]), reverse=True)
    assert len(shown["rows"]) == 4 and shown["rows"][0]["trial_hash"] == document["best"]["trial_hash"]
    assert {i["param"] for i in shown["importance"]} == {"fast", "slow"}
    text = tool.keel("sweep", "show", document["sweep_id"], "--sweeps", tmp_path / "s")[0]
    assert "\n\n\n" not in text and text.endswith("\nOne trial alone: keel backtest run --trial HASH\n")
    assert "PARAMETER IMPORTANCE" in text and max(map(len, text.split("\n"))) <= 100
    assert "no sweeps yet" in tool.keel("sweep", "list", "--sweeps", tmp_path / "none")[0]


def test_importance_is_the_adjusted_correlation_ratio(store, tmp_path):
    """Computed anew from the rows: share of variance between groups, less what chance gives."""
    document = sweep(store, tmp_path / "s", *SAMPLERS["grid"])
    rows = rows_of(document["trials_file"])[1]
    shown = {i["param"]: i["share"] for i in tool.keel_json("sweep", "show", document["sweep_id"], "--sweeps",
                                                          tmp_path / "s")["importance"]}
    mean = sum(row["target"] for row in rows) / len(rows)
    total = sum((row["target"] - mean) ** 2 for row in rows)
    for name in ("fast", "slow"):
        groups = {}
        for row in rows:
            groups.setdefault(row["params"][name], []).append(row["target"])
        between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in groups.values())
        ratio = 1 - (1 - between / total) * (len(rows) - 1) / (len(rows) - len(groups))
        assert shown[name] == pytest.approx(max(ratio, 0.0), rel=1e-9)


def test_the_heat_map_is_the_median_of_each_cell(store, tmp_path):
    """Computed anew from the rows, in the document and on the terminal; ranges where there are more values than fit."""
    words = ("--sampler", "random", "--trials", 150, "--param", "fast=2:30", "--param", "slow=40,60,90", "--param",
             "enable_trailing=true,false")
    document = sweep(store, tmp_path / "s", *words)
    rows = rows_of(document["trials_file"])[1]
    show = ("sweep", "show", document["sweep_id"], "--sweeps", tmp_path / "s")

    def expect(map_, across, down):
        for steps, key in ((map_["rows"], down), (map_["columns"], across)):
            assert steps["param"] == key and len(steps["steps"]) <= 12
        for y, low in enumerate(map_["rows"]["steps"]):
            for x, left in enumerate(map_["columns"]["steps"]):
                inside = [row["target"] for row in rows if low["low"] <= row["params"][down] <= low["high"]
                          and left["low"] <= number(row["params"][across]) <= left["high"]]
                assert map_["trials"][y][x] == len(inside)
                assert map_["median"][y][x] == (pytest.approx(statistics.median(inside), rel=1e-12) if inside else None)
        assert sum(map(sum, map_["trials"])) == len(rows)

    number = lambda value: [True, False].index(value) if isinstance(value, bool) else value
    expect(tool.keel_json(*show, "--heat", "fast,slow")["heat_map"], "slow", "fast")
    map_ = tool.keel_json(*show, "--heat", "fast,enable_trailing")["heat_map"]
    assert [step["label"] for step in map_["columns"]["steps"]] == ["true", "false"]
    expect(map_, "enable_trailing", "fast")
    shown = tool.keel_json(*show)
    first, second = sorted(shown["importance"], key=lambda i: -i["share"])[:2]
    assert (shown["heat_map"]["rows"]["param"], shown["heat_map"]["columns"]["param"]) == (first["param"], second["param"])
    text = tool.keel(*show, "--heat", "slow,enable_trailing")[0].split("HEAT MAP of median sharpe, worst . to best @\n")[1]
    cells = {(row, column): [r["target"] for r in rows if r["params"]["slow"] == row and
                             r["params"]["enable_trailing"] == column] for row in (40, 60, 90) for column in (True, False)}
    medians = {key: statistics.median(values) for key, values in cells.items()}
    marks = {}
    for line in text.split("\n")[2:5]:
        words = line.split()
        for column, value, mark in ((True, *words[1:3]), (False, *words[3:5])):
            assert value == f"{medians[int(words[0]), column]:.2f}"
            marks[int(words[0]), column] = mark
    assert marks[max(medians, key=medians.get)] == "@" and marks[min(medians, key=medians.get)] == "."
    for words, says in ((("--heat", "fast"), "not two parameters"), (("--heat", "fast,fast"), "one parameter twice"),
                        (("--heat", "fast,slo"), "nearest is 'slow'"),
                        (("--heat", "fast,zzzzzzzzzzzz"), "'zzzzzzzzzzzz' was not swept: --heat: keel sweep show lists")):
        assert says in tool.refused(*show, *words, code=2)
    one = sweep(store, tmp_path / "one", "--param", "fast=4:12:4")
    show = ("sweep", "show", one["sweep_id"], "--sweeps", tmp_path / "one")
    assert tool.keel_json(*show)["heat_map"] is None and "HEAT" not in tool.keel(*show)[0]
