"""What research adds to a report: parity, trials spent, parameter surface, walk-forward. [BKT-02.5] [BKT-05] [BKT-06.3]"""
# time limit: 300 s
import json

import numpy as np
import pytest
from PIL import Image

import report_tool as tool
from report_tool import base, browser, keel  # noqa: F401

GRID = ["--strategy", "ema_cross", "--symbols", "AAAUSDT,BBBUSDT", "--timeframe", "1h", "--param", "fast=5:30:5", "--param",
        "slow=40:160:20", "--sampler", "grid"]


@pytest.fixture(scope="session")
def swept(base, tmp_path_factory):
    """A grid of 42 trials, and its best trial run alone and kept as a folder."""
    home = tmp_path_factory.mktemp("swept")
    keel("data", "synth", "--store", home / "store", "--venue", "synth-perp", "--symbols", "AAAUSDT,BBBUSDT", "--interval", "1h",
         "--days", 300, "--seed", 5)
    summary = json.loads(keel("sweep", "run", "--store", "store", *GRID, "--json", cwd=home).stdout)
    keel("backtest", "run", "--trial", summary["best"]["trial_hash"], "--run-dir", "run", cwd=home)
    return {"home": home, "summary": summary, "run": home / "run"}


def test_identity_says_parity_and_trials(swept, base, browser):
    """A trial's run says that it ended in the trial's state, and how many trials its data has seen; a plain run says it was not compared."""
    document = tool.document(swept["run"])
    best = swept["summary"]["best"]
    assert document["parity"] == {"status": "equal", "trial_hash": best["trial_hash"], "sweep_id": swept["summary"]["sweep_id"]}
    assert document["trials_spent_on_dataset"] == swept["summary"]["trials_spent_on_dataset"] == 42
    assert document["sweeps_on_dataset"] == 1 and document["state_hash"] == best["state_hash"]
    page = browser.page(swept["run"] / "report.html")
    page.wait("document.documentElement.dataset.ready === '1'")
    shown = page.text("#identity")
    assert f"equal to trial {best['trial_hash'][:16]} of sweep {swept['summary']['sweep_id']}" in shown and "42 in 1 sweep" in shown
    page.close()
    plain = base["document"]
    assert plain["parity"] == {"status": "not_compared", "trial_hash": None, "sweep_id": None}
    assert plain["trials_spent_on_dataset"] == 0
    assert "not compared" in keel("report", base["run"], "--all").stdout


def test_many_trials_are_held_against_a_result(swept):
    """Bonferroni over the trials of the ledger: the finding stands exactly when it should."""
    document = tool.document(swept["run"])
    p = min(1.0, 42 * (1.0 - document["totals"]["psr"]))
    found = [f for f in document["findings"] if f["code"] == "UNTRUSTWORTHY_MULTIPLE_TRIALS"]
    assert bool(found) == (p > 0.05 and float(document["totals"]["net_profit_usd"]) > 0)
    assert found and abs(found[0]["value"] - p) < 1e-12 and "42 trials" in found[0]["text"]


def test_a_damaged_ledger_is_said_and_stops_nothing(swept, tmp_path):
    ledger = swept["home"] / "store" / "trials.ledger"
    whole = ledger.read_bytes()
    try:
        ledger.write_bytes(whole.replace(b"\nT ", b"\nT x", 1))
        done = keel("backtest", "run", "--store", "store", *GRID[:6], "--no-baselines", "--json", cwd=swept["home"])
    finally:
        ledger.write_bytes(whole)
    document = json.loads(done.stdout)
    assert document["trials_spent_on_dataset"] is None
    assert any("trials spent on this data are not known" in w for w in document["warnings"])


# ---- a sweep ----

READY = "document.documentElement.dataset.ready === '1'"


@pytest.fixture(scope="session")
def shown(swept):
    """Every trial of the sweep as `sweep show --json` says it."""
    return json.loads(keel("sweep", "show", swept["summary"]["sweep_id"], "--top", 100, "--json", cwd=swept["home"]).stdout)


@pytest.fixture(scope="session")
def sheet(swept, browser):
    keel("sweep", "show", swept["summary"]["sweep_id"], "--html", "sweep.html", cwd=swept["home"])
    page = browser.page(swept["home"] / "sweep.html")
    page.wait(READY)
    page.frames()
    yield page
    page.close()


def heat(page):
    """{(y, x): text} of the heat map as it stands on the page."""
    rows = page.run("[...document.querySelectorAll('.surface tbody tr')].map(r => [...r.children].map(c => c.textContent))")
    across = page.run("[...document.querySelectorAll('.surface tfoot th')].map(c => c.textContent)")[1:]
    return {("".join(row[0].split()[-1:]), x): cell for row in rows for x, cell in zip(across, row[1:])}


def choose(page, name, value):
    page.run(f"(() => {{ const s = document.querySelector('#{name}'); s.value = {json.dumps(value)};"
             " s.dispatchEvent(new Event('change')); })()")
    page.frames()


def figure(text):
    return float(text.replace("\u2212", "-").replace(",", ""))


def test_the_heat_map_is_the_trials(sheet, shown):
    """Two parameters and no others: each cell is one trial, with its target; trials without one leave theirs empty."""
    assert sheet.complaints() == [] and sheet.requests() == [sheet.url]
    names = [d["param"] for d in shown["importance"]]
    order = sorted(names, key=lambda n: -(next(d["share"] for d in shown["importance"] if d["param"] == n) or 0))
    choose(sheet, "surface-x", str(names.index("fast")))
    choose(sheet, "surface-y", str(names.index("slow")))
    cells = heat(sheet)
    assert len(cells) == 6 * 7 and order
    for row in shown["rows"]:
        cell = cells[str(row["params"]["slow"]), str(row["params"]["fast"])]
        if row["target"] is None:
            assert cell == ""
        else:
            assert abs(figure(cell) - row["target"]) <= 0.5001e-4
    best = sheet.run("document.querySelector('.surface td.best').textContent")
    assert abs(figure(best) - shown["rows"][0]["target"]) <= 0.5001e-4


def test_one_parameter_alone_shows_what_it_is_asked(sheet, shown):
    """The other parameter falls together: best, median and count of each column are those of its trials."""
    names = [d["param"] for d in shown["importance"]]
    choose(sheet, "surface-x", str(names.index("slow")))
    choose(sheet, "surface-y", "")
    groups = {}
    for row in shown["rows"]:
        if row["target"] is not None:
            groups.setdefault(str(row["params"]["slow"]), []).append(row["target"])
    for measure, of in (("best", max), ("worst", min), ("count", len), ("median", lambda v: float(np.median(v)))):
        choose(sheet, "surface-m", measure)
        row = sheet.run("[...document.querySelectorAll('.surface tbody td')].map(c => c.textContent)")
        for text, (value, targets) in zip(row, sorted(groups.items(), key=lambda g: int(g[0]))):
            assert abs(figure(text) - of(targets)) <= 0.5001e-4, (measure, value)
    choose(sheet, "surface-m", "best")


def test_more_values_than_fit_are_put_together(swept, browser):
    """Forty values in twelve columns: neighbours share one, each value is in one, and the label says from where to where."""
    home = swept["home"]
    asked = ("--strategy", "ema_cross", "--symbols", "AAAUSDT", "--timeframe", "1h", "--param", "fast=3:42:1", "--set", "slow=90")
    done = keel("sweep", "run", "--store", "store", "--sweeps", "wide", "--ledger", "wide.ledger", *asked, "--json", cwd=home)
    keel("sweep", "show", json.loads(done.stdout)["sweep_id"], "--sweeps", "wide", "--html", "wide.html", cwd=home)
    page = browser.page(home / "wide.html")
    page.wait(READY)
    choose(page, "surface-m", "count")
    cells = {x: figure(text) for (_, x), text in heat(page).items()}
    bounds = [[int(v) for v in label.replace("\u200b", "").split("\u2013")] for label in cells]
    assert len(cells) == 12 and bounds[0][0] == 3 and bounds[-1][-1] == 42
    assert all(one[-1] + 1 == other[0] for one, other in zip(bounds, bounds[1:]))
    assert [b[-1] - b[0] + 1 for b in bounds] == list(cells.values()) and set(cells.values()) == {3, 4}
    page.close()


def test_a_cell_names_its_best_trial(sheet, shown):
    names = [d["param"] for d in shown["importance"]]
    choose(sheet, "surface-x", str(names.index("fast")))
    choose(sheet, "surface-y", str(names.index("slow")))
    sheet.run("document.querySelector('.surface tbody tr td').focus()")
    sheet.frames()
    told = sheet.text("#surface-readout")
    row = next(r for r in shown["rows"] if (r["params"]["fast"], r["params"]["slow"]) == (5, 160))
    assert f"--trial {row['trial_hash'][:16]}" in told and f"trial{row['trial']}" in told


def test_importance_findings_and_best_are_those_of_json(sheet, shown, swept):
    bars = sheet.run("[...document.querySelectorAll('#importance .shares > div')].map(d => [d.children[0].textContent, d.children[1].textContent])")
    assert bars == [[d["param"], tool.rounded(d["share"], 3)] for d in shown["importance"]]
    said = sheet.run("[...document.querySelectorAll('#verdict > .findings .what')].map(e => e.textContent)")
    assert said == [f["text"] for f in shown["findings"]] and said
    assert "UNTRUSTWORTHY_MULTIPLE_TRIALS" in {f["code"] for f in shown["findings"]}
    header, *lines = sheet.run("[...document.querySelectorAll('#top tr')].map(r => [...r.children].map(c => c.textContent))")
    for line, row in zip(lines, shown["rows"]):
        cells = dict(zip(header, line))
        assert cells["Trial"] == str(row["trial"]) and cells["Hash"] == row["trial_hash"][:12]
        assert cells["sharpe"] == tool.rounded(row["target"], 4)
        assert cells["Net profit %"] == tool.rounded(row["totals"]["net_profit_pct"], 2)
        assert cells["Trades"] == str(row["totals"]["trades"]) and cells["fast"] == str(row["params"]["fast"])
    assert len(lines) == 25
    assert sheet.run("document.querySelector('#figures dd[data-key=trials_spent_on_dataset]').textContent") == str(
        swept["summary"]["trials_spent_on_dataset"])


def test_every_trial_is_a_dot(sheet, shown):
    for over in ("", "0", "1"):
        choose(sheet, "dots-x", over)
        pixels = sheet.run("(() => { const c = document.querySelector('#dots canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width,"
                           " c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()")
        assert pixels > 2000
    assert sheet.run("SWEEP.v.length") == sum(r["target"] is not None for r in shown["rows"])


def test_a_best_at_the_edge_is_said(shown):
    """BEST_AT_EDGE for exactly the numeric parameters whose best value is the lowest or highest tried."""
    best, tried = shown["rows"][0]["params"], [r["params"] for r in shown["rows"] if r["target"] is not None]
    wanted = {name for name, value in best.items() if value in (min(t[name] for t in tried), max(t[name] for t in tried))}
    found = [f["text"] for f in shown["findings"] if f["code"] == "BEST_AT_EDGE"]
    assert len(found) == len(wanted) and all(any(f"has {name} =" in text for text in found) for name in wanted)


def test_a_sweep_by_any_name_gives_the_same_page(swept, tmp_path):
    home, sweep_id = swept["home"], swept["summary"]["sweep_id"]
    keel("report", sweep_id, "--html", tmp_path / "a.html", "--md", tmp_path / "a.md", cwd=home)
    keel("report", home / "sweeps" / sweep_id, "--html", tmp_path / "b.html")
    keel("sweep", "show", sweep_id, "--html", tmp_path / "c.html", cwd=home)
    pages = {p.read_bytes() for p in tmp_path.glob("*.html")}
    assert len(pages) == 1 and len(pages.pop()) < 1_000_000
    text = keel("report", sweep_id, cwd=home).stdout
    assert text.splitlines()[1].startswith("Verdict: doubtful (0 errors") and max(map(len, text.splitlines())) <= 100
    document = json.loads(keel("report", sweep_id, "--json", cwd=home).stdout)
    assert document["schema"] == "keel.sweep_surface" and document["done"] == 42 and len(document["top"]) == 25
    assert "--html" in text and "| fast |" in (tmp_path / "a.md").read_text()
    tool.refused("report", sweep_id, "--sweep", sweep_id, code=2, cwd=home)
    tool.refused("report", "0123456789abcdef", code=4, cwd=home)


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_a_sweeps_page_elsewhere(swept, sheet, browser, tmp_path, look):
    page = browser.page(swept["home"] / "sweep.html", *((390, 844) if look == "phone" else (1280, 900)), dark=look == "dark",
                        mobile=look == "phone")
    page.wait(READY)
    page.frames()
    assert page.run("document.documentElement.scrollWidth") == (390 if look == "phone" else 1280)
    picture = np.asarray(Image.open(page.screenshot(tmp_path / "p.png")).convert("RGB"))
    assert (picture.mean() < 90) == (look == "dark")
    assert page.complaints() == []
    page.close()


def test_a_run_shows_the_surface_it_comes_from(swept, browser, tmp_path):
    html = tmp_path / "run.html"
    keel("report", swept["run"], "--sweep", swept["summary"]["sweep_id"], "--html", html, cwd=swept["home"])
    page = browser.page(html)
    page.wait(READY)
    page.frames()
    assert page.complaints() == [] and page.run("document.querySelectorAll('.surface td.best').length") == 1
    assert page.run("TRADES.n") > 0 and page.run("document.querySelector('.toc a[href=\"#surface\"]').textContent") == "Surface"
    page.close()
    plain = (swept["run"] / "report.html").read_text()
    assert 'id="surface"' not in plain


def test_labels_conditions_and_failures_are_drawn(base, browser, tmp_path):
    """Parameters that are words or switches have their words on the axes."""
    keel("sweep", "run", "--store", base["home"] / "store", "--strategy", "trend", "--symbols", "AAAUSDT", "--timeframe", "1h", "--param",
         "gate_btc=true,false", "--param", "allow_short=true,false", "--sampler", "grid", cwd=tmp_path)
    sweep_id = next((tmp_path / "sweeps").iterdir()).name
    keel("sweep", "show", sweep_id, "--html", "s.html", cwd=tmp_path)
    page = browser.page(tmp_path / "s.html")
    page.wait(READY)
    page.frames()
    assert page.complaints() == []
    words = set(page.run("[...document.querySelectorAll('.surface th')].map(c => c.textContent.split(/\\s+/).pop())"))
    assert {"true", "false"} <= words, words
    page.close()


# ---- a walk-forward ----


@pytest.fixture(scope="session")
def walked(swept):
    words = ["validate", "walk-forward", "--store", "store", *GRID[:6], "--train", "60d", "--test", "30d"]
    done = keel(*words, "--json", "--html", "walk.html", cwd=swept["home"])
    (swept["home"] / "walk.json").write_text(done.stdout)
    return json.loads(done.stdout)


def test_stitched_equity_is_the_windows_chained(walked):
    """The last sample is the balance carried through every test; between windows it goes on where the one before ended."""
    stitched, start = walked["stitched"], float(walked["starting_balance_usd"])
    times, values = stitched["ts_ms"], stitched["equity_usd"]
    assert times == sorted(times) and len(times) == len(values) <= 3600 and stitched["samples"] >= len(times)
    assert abs(values[-1] - start * (1 + walked["test"]["compounded_pct"] / 100)) < 0.011
    carried = start
    for window in walked["windows"]:
        test = window["test"]
        end = int(np.datetime64(test["end"][:-1], "ms").astype(int))
        carried *= 1 + test["net_profit_pct"] / 100
        at = max(i for i, t in enumerate(times) if t <= end)
        assert times[at] == end and abs(values[at] - carried) < 0.011, window["window"]


def test_overlapping_tests_are_no_account(swept, browser):
    words = ["validate", "walk-forward", "--store", "store", *GRID[:6], "--train", "60d", "--test", "30d", "--step", "20d", "--overlap"]
    document = json.loads(keel(*words, "--json", "--html", "overlap.html", cwd=swept["home"]).stdout)
    assert document["stitched"] is None
    page = browser.page(swept["home"] / "overlap.html")
    page.wait(READY)
    page.frames()
    assert "overlap" in page.text("#walk-equity") and page.complaints() == []
    page.close()


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_a_walk_forwards_page(swept, walked, browser, tmp_path, look):
    phone = look == "phone"
    page = browser.page(swept["home"] / "walk.html", *((390, 844) if phone else (1280, 900)), dark=look == "dark", mobile=phone)
    page.wait(READY)
    page.frames()
    assert page.complaints() == [] and page.requests() == [page.url]
    assert page.run("document.documentElement.scrollWidth") == (390 if phone else 1280)
    header, *lines = page.run("[...document.querySelectorAll('#windows tr')].map(r => [...r.children].map(c => c.textContent))")
    assert len(lines) == len(walked["windows"]) == 8
    for line, window in zip(lines, walked["windows"]):
        cells = dict(zip(header, line))
        assert cells["Train %"] == tool.rounded(window["train"]["net_profit_pct"], 2)
        assert cells["Test %"] == tool.rounded(window["test"]["net_profit_pct"], 2)
        assert cells["Test from"] == window["test"]["start"][:16].replace("T", " ")
        assert cells["Trades"] == str(window["test"]["trades"])
    assert page.text("#figures dd[data-key='test.compounded_pct']") == tool.rounded(walked["test"]["compounded_pct"], 2)
    said = page.run("[...document.querySelectorAll('#verdict > .findings .what')].map(e => e.textContent)")
    assert said == [f["text"] for f in walked["findings"]] and said
    drawn = page.run("WALK.windows.map(w => w[5])")
    for value, window in zip(drawn, walked["windows"]):
        assert abs(value - window["test"]["net_profit_pct"]) < 1e-5  # 30 days
    for box in ("#walk-equity", "#walk-bars"):
        pixels = page.run(f"(() => {{ const c = document.querySelector('{box} canvas'); const d = c.getContext('2d').getImageData(0, 0,"
                          " c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })()")
        assert pixels > 2000, box
    page.close()


def test_a_run_shows_surface_and_walk_forward(swept, walked, browser, tmp_path):
    html = tmp_path / "all.html"
    keel("report", swept["run"], "--sweep", swept["summary"]["sweep_id"], "--walk-forward", "walk.json", "--html", html, cwd=swept["home"])
    page = browser.page(html)
    page.wait(READY)
    page.frames()
    assert page.complaints() == []
    places = page.run("['#equity', '#price', '#surface', '#walk', '#trades', '#identity'].map(s => document.querySelector(s)"
                      ".getBoundingClientRect().top)")
    assert places == sorted(places)
    assert page.run("document.querySelectorAll('#windows tbody tr').length") == 8
    page.close()


def test_a_walk_forward_by_its_file(swept, walked, tmp_path):
    home = swept["home"]
    keel("report", home / "walk.json", "--html", tmp_path / "w.html", "--md", tmp_path / "w.md")
    assert (tmp_path / "w.html").read_bytes() == (home / "walk.html").read_bytes()
    assert json.loads(keel("report", home / "walk.json", "--json").stdout) == walked
    text = keel("report", home / "walk.json").stdout
    assert text.splitlines()[1].startswith("Verdict: ") and max(map(len, text.splitlines())) <= 100
    (tmp_path / "other.json").write_text('{"schema": "keel.backtest"}')
    assert "keel validate walk-forward" in tool.refused("report", tmp_path / "other.json", code=2)
    assert "keel validate walk-forward" in tool.refused("report", swept["run"], "--walk-forward", tmp_path / "other.json", code=2)
    (tmp_path / "other.json").write_text("{")
    tool.refused("report", tmp_path / "other.json", code=2)
