"""The page made of a run's folder, looked at in a real browser. [BKT-02.5] [BKT-05] [T-202] [T-211]"""
# time limit: 300 s
import base64
import io
import json
import math
import os
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import report_tool as tool
from report_tool import base, browser, keel, other, rounded  # noqa: F401

READY = "document.documentElement.dataset.ready === '1'"
HOSTILE = {"AAAUSDT": "<img src=x onerror=alert(1)>&\"',;`|*_",
           "BBBUSDT": "</script><script>document.title='owned'</script>"}


@pytest.fixture(scope="session")
def page(base, browser):
    page = browser.page(base["run"] / "report.html")
    page.wait(READY)
    yield page
    page.close()


# ---- the page ----


def test_the_page_asks_nobody_and_complains_of_nothing(page):
    assert page.complaints() == []
    assert page.requests() == [page.url]


def test_the_policy_holds(base, browser):
    """What the policy forbids does not happen: a script, a style and an image from outside are all refused."""
    text = (base["run"] / "report.html").read_text()
    assert "default-src 'none'" in text
    spoilt = base["home"] / "spoilt.html"
    spoilt.write_text(text.replace("<main>", "<main><script>document.title = 'owned'</script><img src='http://127.0.0.1:9/x.png'>"))
    page = browser.page(spoilt)
    page.wait(READY)
    assert page.run("document.title") != "owned"
    assert len([c for c in page.complaints() if "Content Security Policy" in c]) >= 2
    page.close()


def figure_places(key):
    return {"trades": 0, "win_rate": 1}.get(key, 2)


def test_leading_figures_are_those_of_json(page, base):
    shown = page.run("Object.fromEntries([...document.querySelectorAll('#figures dd')].map(d => [d.dataset.key, d.textContent]))")
    totals = base["document"]["totals"]
    assert len(shown) == 8
    for key, text in shown.items():
        value = totals[key] if key != "win_rate" else repr(100 * totals[key])
        assert text == rounded(value, figure_places(key)), key


PAIRS = {"Starting balance": ("starting_balance_usd", 2, " USD"), "Final balance": ("final_balance_usd", 2, " USD"),
         "Absolute profit": ("net_profit_usd", 2, " USD"), "Total profit %": ("net_profit_pct", 2, "%"),
         "CAGR %": ("cagr_pct", 2, "%"), "Profit factor": ("profit_factor", 2, ""), "Sharpe": ("sharpe", 2, ""),
         "Sortino": ("sortino", 2, ""), "Calmar": ("calmar", 2, ""), "SQN": ("sqn", 2, ""),
         "Probabilistic Sharpe ratio": ("psr", 4, ""), "Max % of account underwater": ("max_drawdown_pct", 2, "%"),
         "Absolute drawdown": ("max_drawdown_usd", 2, " USD"), "Total trade volume": ("turnover_usd", 2, " USD"),
         "Rejected Entry signals": ("entries_held", 0, ""), "Market change": ("market_change_pct", 2, "%"),
         "Exposure time": ("exposure_pct", 2, "%"), "Min balance": ("min_balance_usd", 2, " USD"),
         "Max balance": ("max_balance_usd", 2, " USD")}


def test_metrics_are_those_of_json(page, base):
    shown = dict(page.run("[...document.querySelectorAll('#metrics .pairs div')].map(d => [d.children[0].textContent, "
                          "d.children[1].textContent])"))
    for name, (key, places, unit) in PAIRS.items():
        assert shown[name] == rounded(base["document"]["totals"][key], places) + unit, name


def test_the_fall_that_is_shown_is_one(page, base):
    """[BKT-05.1] The report's lines of the deepest fall by bar closes are those of `max_drawdown`, and name the finest resolution."""
    shown = dict(page.run("[...document.querySelectorAll('#metrics-drawdown .pairs div, #metrics-drawdown div')].filter(d => "
                          "d.children.length == 2).map(d => [d.children[0].textContent, d.children[1].textContent])"))
    fall = base["document"]["max_drawdown"]
    times = {k: fall[k][:16].replace("T", " ") for k in ("peak", "trough", "end")}
    assert shown["Drawdown by bar closes"] == rounded(repr(fall["depth_pct"]), 2) + "%"
    assert (shown["Drawdown start"], shown["Drawdown end"]) == (times["peak"], times["trough"])
    assert shown["Recovered"] == (times["end"] if fall["recovered"] else "no")
    assert f"resolution: {fall['finest']['resolution']})" in page.run("document.querySelector('#metrics').textContent")


def table(page, selector):
    return page.run(f"[...document.querySelectorAll('{selector} tr')].map(r => [...r.children].map(c => c.textContent))")


def test_groups_are_those_of_json(page, base):
    for selector, key, label in (("#symbols", "per_symbol", "symbol"), ("#exits", "per_exit_reason", "reason"),
                                 ("#per-month", "per_month", "month")):
        header, *lines = table(page, selector)
        wanted = [g for g in base["document"][key] if g["trades"] or key == "per_symbol"]
        assert [line[0] for line in lines] == [g[label] for g in wanted]
        for line, group in zip(lines, wanted):
            cells = dict(zip(header, line))
            assert cells["Tot Profit USD"] == rounded(group["pnl_usd"], 2)
            assert cells["Tot Profit %"] == rounded(repr(group["pnl_pct"]), 2)
            assert cells["Win"] == str(group["wins"]) and cells["Loss"] == str(group["losses"])


def test_bars_of_pairs_are_those_of_json(page, base):
    """Best first; a bar's length is to the others' as its profit; longs and shorts beside it."""
    shown = page.run("""[...document.querySelectorAll('#symbol-bars .pnl > div')].map(d => [d.querySelector('dt').firstChild.textContent,
        d.querySelector('dd .n').textContent, d.querySelector('.parts').textContent,
        [...d.querySelectorAll('rect')].map(r => (r.classList.contains('down') ? -1 : 1) * Number(r.getAttribute('width')))])""")
    wanted = sorted(base["document"]["per_symbol"], key=lambda g: -Decimal(g["pnl_usd"]))
    assert len(wanted) > 1 and [row[0] for row in shown] == [g["symbol"] for g in wanted]
    scale = max(abs(r) for row in shown for r in row[3]) / max(abs(float(g[k])) for g in wanted
                                                               for k in ("pnl_usd", "long_pnl_usd", "short_pnl_usd"))
    for (_, net, parts, widths), g in zip(shown, wanted):
        assert net == rounded(g["pnl_usd"], 2)
        assert parts == f"long {rounded(g['long_pnl_usd'], 2)}, short {rounded(g['short_pnl_usd'], 2)}"
        values = [float(g[k]) for k in ("pnl_usd", "long_pnl_usd", "short_pnl_usd") if Decimal(g[k])]
        assert all(math.isclose(w, scale * v, abs_tol=0.02) for w, v in zip(widths, values, strict=True)), g["symbol"]


def test_costs_add_up_to_the_last_unit(page, base):
    """[BKT-05.2] price + funding - fees - slippage = net, as shown."""
    shown = {line[0]: Decimal(line[1].replace(",", "").replace("\u2212", "-")) for line in table(page, "#costs")[1:]}
    wanted = base["document"]["cost_decomposition"]
    assert shown["= Net"] == Decimal(wanted["net_usd"]) == Decimal(base["document"]["totals"]["net_profit_usd"])
    assert shown["Price"] + shown["+ Funding"] - shown["- Fees"] - shown["- Slippage"] == shown["= Net"]


def test_months_are_recomputed_from_the_samples(page, base):
    last, before = {}, Decimal(base["document"]["totals"]["starting_balance_usd"])
    for row in tool.rows(base["run"], "equity.csv"):
        stamp = np.datetime64(row["ts"][:-1]) - np.timedelta64(1, "ms")
        last[str(stamp)[:7]] = Decimal(row["equity_usd"])
    wanted = {}
    for month in sorted(last):
        wanted[month] = 100 * (last[month] / before - 1)
        before = last[month]
    shown = {}
    for line in table(page, "#months")[1:]:
        for m, cell in enumerate(line[1:13], 1):
            if cell:
                shown[f"{line[0]}-{m:02}"] = float(cell.replace("\u2212", "-").replace(",", ""))
    assert shown.keys() == wanted.keys()
    for month, value in shown.items():
        assert math.isclose(value, float(wanted[month]), abs_tol=0.0051), month


def test_verdict_and_findings_come_first_and_worst_first(page, base):
    order = page.run("[...document.querySelectorAll('main > *')].map(e => e.id)")
    assert order[0] == "verdict"
    shown = page.run("[...document.querySelectorAll('#verdict > .findings .what')].map(e => e.textContent)")
    assert shown == [f["text"] for f in base["document"]["findings"]]
    severities = page.run("[...document.querySelectorAll('#verdict > .findings .sev')].map(e => e.textContent)")
    rank = {"error": 0, "warning": 1, "info": 2}
    assert [rank[s] for s in severities] == sorted(rank[s] for s in severities)
    notes = page.run("[...document.querySelectorAll('#verdict .notes .what')].map(e => e.textContent)")
    assert notes == base["document"]["warnings"]


def test_identity_and_assumptions_are_there(page, base):
    text = page.text("#identity")
    for key in ("run_id", "state_hash", "config_id", "dataset_hash", "build"):
        assert base["document"][key] in text, key
    assumed = page.text("#assumptions")
    for key in base["document"]["realism"]:
        assert key.replace("_", " ") in assumed


def test_the_curves_are_the_samples(page, base):
    """[BKT-02.5] thinned or not, first and last value, lowest and highest survive."""
    drawn = page.run("readCurves().map(c => [c.name, [...c.t], c.v])")
    for (name, times, values), file in zip(drawn, ("equity.csv", "benchmark.csv")):
        samples = tool.rows(base["run"], file)
        exact = {int(np.datetime64(r["ts"][:-1], "s").astype(int)): Decimal(r["equity_usd"]) for r in samples}
        assert times == sorted(times)
        for t, v in zip(times, values):
            assert abs(Decimal(str(v)) - exact[int(t)]) <= Decimal("0.005")
        assert abs(max(values) - float(max(exact.values()))) < 0.006 and abs(min(values) - float(min(exact.values()))) < 0.006
        assert int(times[-1]) == max(exact)


def test_the_trades_of_the_page_are_those_of_the_file(page, base):
    trades = tool.rows(base["run"], "trades.csv")
    page.run("document.querySelector('#trade-rows').scrollTop = 0")
    header, *lines = page.run("[...document.querySelectorAll('#trade-rows tr')].filter(r => !r.querySelector('.spacer'))"
                              ".map(r => [...r.children].map(c => c.textContent))")
    assert len(lines) > 10
    for line, trade in zip(lines, trades):
        cells = dict(zip(header, line))
        assert cells["Trade"] == trade["trade_id"] and cells["Pair"] == trade["symbol"] and cells["Side"] == trade["side"]
        assert cells["Profit USD"] == rounded(trade["pnl_usd"], 2) and cells["Fees USD"] == rounded(trade["fees_usd"], 2)
        assert Decimal(cells["Entry price"].replace(",", "")) == Decimal(trade["entry_px"])
        assert cells["Entry (UTC)"] == trade["entry_ts"][:16].replace("T", " ")
        assert cells["Exit reason"] == trade["exit_reason"]


def test_the_table_sorts_and_filters(page, base):
    trades = tool.rows(base["run"], "trades.csv")
    first = "document.querySelector('#trade-body tr').children[3].textContent"
    page.click("button[data-key=pnl]")
    page.frames()
    assert page.run(first) == rounded(max(Decimal(t["pnl_usd"]) for t in trades), 2)
    assert page.run("document.querySelector('button[data-key=pnl]').parentElement.getAttribute('aria-sort')") == "descending"
    page.click("button[data-key=pnl]")
    page.frames()
    assert page.run(first) == rounded(min(Decimal(t["pnl_usd"]) for t in trades), 2)

    def choose(name, value):
        page.run(f"(() => {{ const s = document.querySelector('#filter-{name}'); s.value = {json.dumps(value)};"
                 " s.dispatchEvent(new Event('change')); })()")

    wanted = [t for t in trades if t["side"] == "short" and t["exit_reason"] == "X_STOP" and Decimal(t["pnl_usd"]) < 0]
    assert wanted
    choose("side", "-1")
    choose("result", "loss")
    choose("xr", str(page.run("DATA.exitReasons.indexOf('X_STOP')")))
    total = sum((Decimal(rounded(t["pnl_usd"], 2).replace("\u2212", "-").replace(",", "")) for t in wanted), Decimal(0))
    assert page.text("#trade-count") == f"{len(wanted):,} of {len(trades):,} trades, together {rounded(total, 2)} USD"
    for name in ("side", "result", "xr"):
        choose(name, "")
    page.run("(() => { const s = document.querySelector('#filter-text'); s.value = 'bbbusdt'; s.dispatchEvent(new Event('input')); })()")
    count = sum(t["symbol"] == "BBBUSDT" for t in trades)
    assert page.text("#trade-count").startswith(f"{count:,} of ")
    page.run("(() => { const s = document.querySelector('#filter-text'); s.value = ''; s.dispatchEvent(new Event('input')); })()")
    page.click("button[data-key=id]")


def canvas_pixels(page, box):
    data = page.run(f"document.querySelector('{box} canvas').toDataURL('image/png')").split(",")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


@pytest.mark.parametrize("box", ["#equity", "#price", "#scatter"])
def test_charts_are_drawn(page, box):
    page.frames()
    pixels = canvas_pixels(page, box)
    drawn = pixels[pixels[..., 3] > 0]
    assert pixels.shape[1] > 800 and 0.004 < len(drawn) / (pixels.shape[0] * pixels.shape[1]) < 0.9
    coloured = drawn[np.ptp(drawn[:, :3].astype(int), axis=1) > 60]
    assert len(coloured) > 300, "lines and marks have colour"


def test_a_chart_zooms_moves_and_tells(page, base):
    page.click("#price [data-do=all]")
    page.frames()
    whole = page.run("CHARTS.find(c => c.box && c.box.id === 'price-canvas').view[1] - CHARTS[1].view[0]")
    before = canvas_pixels(page, "#price")
    page.click("#price [data-do=in]")
    page.frames()
    assert page.run("CHARTS[1].view[1] - CHARTS[1].view[0]") < 0.7 * whole
    assert (canvas_pixels(page, "#price") != before).any()
    page.run("document.querySelector('#price canvas').focus()")
    start = page.run("CHARTS[1].view[0]")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight", modifiers=8)
    page.frames()
    assert page.run("CHARTS[1].view[0]") > start
    x, y = page.run("(() => { const r = document.querySelector('#price canvas').getBoundingClientRect(); return [r.x + 200, r.y + 200]; })()")
    page.mouse("mouseMoved", x, y)
    page.frames()
    told = page.text("#price-readout")
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d.*O.*H.*L.*C", told), told
    page.click("#equity [data-do=all]")
    page.frames()
    assert base["document"]["strategy"] in page.text("#equity-readout")


def test_a_row_leads_to_the_chart(page, base):
    page.run("document.querySelector('#trade-body tr:nth-child(4)').click()")
    page.frames()
    entry, left, right = page.run("(() => { const i = Number(document.querySelector('#trade-body tr:nth-child(4)').dataset.index);"
                                  " const v = CHARTS[1].view; return [TRADES.et[i], v[0], v[1]]; })()")
    assert left <= entry <= right


def test_the_stop_of_a_trade_is_drawn_bar_by_bar(page, base):
    """The page holds the path of stops.csv, and the readout says the stop in force at the cursor."""
    wanted = {}
    for row in tool.rows(base["run"], "stops.csv"):
        wanted.setdefault(int(row["trade_id"]), []).append([int(row["ts_ms"]) // 1000, float(row["stop_px"])])
    drawn = page.run("[...TRADES.id].map((id, i) => [id, DATA.stops.t[i].map((t, k) => [TRADES.et[i] + t, DATA.stops.p[i][k]])])")
    assert {i: path for i, path in drawn if path} == wanted and not page.run("DATA.stops.thinned")
    longest = max(range(len(drawn)), key=lambda i: len(drawn[i][1]))
    path = drawn[longest][1]
    assert len(path) > 3
    for k, (t, px) in enumerate(path[:-1]):
        middle = (t + path[k + 1][0]) / 2
        assert page.run(f"CHARTS[1].options.read({middle}) && PRICE.stopAt({longest}, {middle})") == px
    page.run(f"PRICE.focus({longest})")
    page.frames()
    with_stops = canvas_pixels(page, "#price")
    page.run("(() => { const b = document.querySelectorAll('#price .check input')[1]; b.checked = false; b.dispatchEvent(new Event('change')); })()")
    page.frames()
    without = canvas_pixels(page, "#price")
    assert ((with_stops != without).any(axis=2)).sum() > 100
    page.run("(() => { const b = document.querySelectorAll('#price .check input')[1]; b.checked = true; b.dispatchEvent(new Event('change')); })()")


def shot_folder():
    folder = os.environ.get("KEEL_SCREENSHOTS")
    return Path(folder) if folder else None


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_looks(base, browser, tmp_path, look):
    """Light, dark and a phone: painted in their own colours, nothing cut off at the side."""
    phone = look == "phone"
    page = browser.page(base["run"] / "report.html", *((390, 844) if phone else (1280, 900)), dark=look == "dark", mobile=phone)
    page.wait(READY)
    page.frames()
    picture = np.asarray(Image.open(page.screenshot((shot_folder() or tmp_path) / f"{look}.png", whole=True)).convert("RGB"))
    assert (picture.mean() < 90) == (look == "dark")
    assert page.run("document.documentElement.scrollWidth") == (390 if phone else 1280) == picture.shape[1]
    if phone:
        wide = page.run("[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && "
                        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))")
        assert wide == []
        assert page.run("Math.min(...[...document.querySelectorAll('button,select')].map(e => e.offsetHeight))") >= 28
    if look == "light":
        page.click("#theme")
        page.frames()
        turned = np.asarray(Image.open(page.screenshot(tmp_path / "turned.png")).convert("RGB"))
        assert turned.mean() < 90 and page.text("#theme") == "Light"
        page.click("#theme")
        assert page.text("#theme") == "Dark"
        page.run("localStorage.removeItem('keel-theme')")
    assert page.complaints() == []
    page.close()


def luminance(rgb):
    parts = [c / 255 for c in rgb]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out(base, browser, dark):
    """Contrast of at least 4.5 to 1 (WCAG 2.1 AA) of every colour that text has on the card it stands on."""
    page = browser.page(base["run"] / "report.html", dark=dark)
    page.wait(READY)
    colours = page.run("(() => { const s = getComputedStyle(document.documentElement); const f = n => s.getPropertyValue('--' + n).trim();"
                       " return Object.fromEntries(['card', 'page', 'ink', 'quiet', 'up', 'down', 'accent', 'bench', 'error', 'warning',"
                       " 'info', 'clean', 'stop'].map(n => [n, f(n)])); })()")
    rgb = {name: tuple(int(text[i:i + 2], 16) for i in (1, 3, 5)) for name, text in colours.items()}
    for name in rgb.keys() - {"card", "page"}:
        for ground in ("card", "page"):
            high, low = sorted((luminance(rgb[name]), luminance(rgb[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, ground)
    page.close()


def test_the_keyboard_reaches_everything(base, browser):
    page = browser.page(base["run"] / "report.html")
    page.wait(READY)
    seen = set()
    for _ in range(60):
        page.key("Tab")
        seen.add(page.run("(() => { const e = document.activeElement; return e.tagName + ' ' + (e.closest('section, nav, header') || e).id; })()"))
    for wanted in ("CANVAS equity", "CANVAS price", "SELECT price", "BUTTON equity", "INPUT trades", "SELECT trades"):
        assert wanted in seen, (wanted, sorted(seen))
    page.close()


def test_it_prints_light_and_whole(base, browser):
    page = browser.page(base["run"] / "report.html", dark=True)
    page.wait(READY)
    done = page.call("Page.printToPDF", printBackground=True)
    assert len(done["data"]) > 50_000 and page.complaints() == []
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run("document.querySelectorAll('#trade-body tr').length") == min(400, page.run("TRADES.n"))
    assert page.run("document.documentElement.dataset.theme") == "light"
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run("document.querySelectorAll('#trade-body tr').length") < 100 and page.run("themeNow()") == "dark"
    page.close()


# ---- extremes ----


def run_of(base, folder, *words):
    keel("backtest", "run", "--store", base["home"] / "store", "--timeframe", "1h", "--run-dir", folder, *words)
    return folder


def look(browser, path, **more):
    page = browser.page(path, **more)
    page.wait(READY)
    page.frames()
    assert page.complaints() == [] and page.requests() == [page.url]
    return page


def test_no_trade_at_all(base, browser, tmp_path):
    folder = run_of(base, tmp_path / "none", "--strategy", "no_trade", "--symbols", "AAAUSDT")
    page = look(browser, folder / "report.html")
    assert "There was no trade." in page.text("#trades") and "There was no trade" in page.text("#verdict")
    assert page.run("document.querySelector('#figures dd[data-key=trades]').textContent") == "0"
    page.close()
    keel("report", folder)
    keel("report", folder, "--md", tmp_path / "none.md")


def test_one_trade(base, browser, tmp_path):
    folder = run_of(base, tmp_path / "one", "--strategy", "buy_hold", "--symbols", "AAAUSDT", "--no-baselines")
    assert len(tool.rows(folder, "trades.csv")) == 1
    page = look(browser, folder / "report.html")
    assert page.text("#trade-count").startswith("1 of 1 trades")
    assert "no baselines" in page.text("#equity")
    page.close()


def test_hostile_names_stay_text(base, browser, tmp_path):
    folder = tool.renamed(base["run"], tmp_path / "hostile", HOSTILE)
    keel("report", folder, "--html", tmp_path / "hostile.html", "--md", tmp_path / "hostile.md")
    page = look(browser, tmp_path / "hostile.html")
    assert page.run("document.title") != "owned" and page.run("document.images.length") == 0
    assert [line[0] for line in table(page, "#symbols")[1:]] == list(HOSTILE.values())
    assert page.run("[...document.querySelectorAll('#price-symbol option')].map(o => o.textContent)") == list(HOSTILE.values())
    pairs = page.run("[...document.querySelectorAll('#trade-body tr')].map(r => r.children[1].textContent)")
    assert set(pairs) == set(HOSTILE.values())
    page.close()
    markdown = (tmp_path / "hostile.md").read_text()
    assert "<img" not in markdown and "<script" not in markdown
    for line in markdown.splitlines():
        assert len(set(re.findall(r"(?<!\\)\|", line))) <= 1
    keel("report", folder)


def test_many_trades_are_thinned_and_it_is_said(base, browser, tmp_path):
    """50,000 trades: the page stays below 5 MB, keeps the largest, and says what it left out."""
    folder = tool.many_trades(base["run"], tmp_path / "many", 50_000)
    html = tmp_path / "many.html"
    keel("report", folder, "--html", html)
    assert html.stat().st_size < 5_000_000
    page = look(browser, html)
    held = page.run("TRADES.n")
    assert 15_000 < held <= 20_000 and f"This page holds {held} of 50000 trades" in page.text("#trades-thinned")
    most = max(Decimal(t["pnl_usd"]) for t in tool.rows(folder, "trades.csv"))
    assert page.run("Math.max(...TRADES.pnl)") == int(Decimal(rounded(most, 2).replace(",", "")) * 100)
    assert page.run("document.querySelectorAll('#trade-body tr').length") < 100, "only rows in sight are elements"
    page.run("document.querySelector('#trade-rows').scrollTop = 1e9")
    page.frames()
    last = page.run("[...document.querySelectorAll('#trade-body tr')].pop().children[0].textContent")
    assert last == str(page.run("TRADES.id[TRADES.n - 1]"))
    page.close()


def test_a_hundred_symbols(base, browser, tmp_path):
    folder = tmp_path / "wide"
    names = [f"S{i:03}USDT" for i in range(100)]
    tool.renamed(base["run"], folder, {})
    for name in ("summary.json", "manifest.json"):
        document = json.loads((folder / name).read_text())
        if name == "manifest.json":
            document["symbols"] = names
        else:
            document["per_symbol"] = [dict(document["per_symbol"][i % 2], symbol=n) for i, n in enumerate(names)]
        (folder / name).write_text(json.dumps(document))
    for name, column in (("trades.csv", 2), ("candles.csv", 0)):
        header, *lines = [line.split(",") for line in (folder / name).read_text().splitlines()]
        if name == "candles.csv":
            lines = [[n, *line[1:]] for n in names for line in lines[:400]]
        else:
            lines = [[*line[:2], names[i % 100], *line[3:]] for i, line in enumerate(lines)]
        (folder / name).write_text(tool.csv_text(header, lines))
    tool.reseal(folder)
    html = tmp_path / "wide.html"
    keel("report", folder, "--html", html)
    assert html.stat().st_size < 5_000_000
    page = look(browser, html, width=390, height=844, mobile=True)
    assert page.run("document.querySelectorAll('#price-symbol option').length") == 100
    assert page.run("document.querySelectorAll('#symbol-bars .pnl > div').length") == 30
    assert "30 of 100 pairs" in page.text("#symbol-bars")
    assert len(table(page, "#symbols")) == 101
    assert page.run("document.documentElement.scrollWidth") == 390
    page.close()


# ---- two runs ----


def test_two_runs_on_one_page(base, other, browser, tmp_path):
    html = tmp_path / "two.html"
    keel("report", base["run"], other, "--html", html, "--md", tmp_path / "two.md")
    page = look(browser, html)
    assert page.run("readCurves().map(c => c.name)") == ["A", "B"]
    pixels = canvas_pixels(page, "#equity")
    assert (pixels[..., 3] > 0).sum() > 3000
    shown = {line[0]: line[1:] for line in table(page, "#totals")[1:]}
    a, b = (Decimal(tool.document(f)["totals"]["net_profit_usd"]) for f in (base["run"], other))
    assert shown["Absolute profit"] == [rounded(a, 2), rounded(b, 2), rounded(b - a, 2)]
    assert page.run("document.documentElement.scrollWidth") == 1280
    page.close()
    assert "account.leverage" in (tmp_path / "two.md").read_text()
