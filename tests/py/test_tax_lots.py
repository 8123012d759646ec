"""Lots for taxes: by an independent computation in whole numbers, adding up to the books. [LOG-08.3]"""
# time limit: 120 s
import csv
import hashlib
import io
import json
import shutil
import stat
from decimal import Decimal

import pytest

from data_tool import keel, keel_json, refused
from forensic_tool import records
from paper_tool import market, words

DAY_S = 86400
UNIT = Decimal(10) ** -8


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Partial executions: a position has several fills on both sides."""
    folder = tmp_path_factory.mktemp("lots")
    store = market(folder, days=60)
    keel("trade", "paper", *words(store, "momentum"), "--run", folder / "run", "--fill-share", "0.4")
    return folder / "run"


def e8(text):
    return int((Decimal(text) / UNIT).to_integral_exact())


def fills(run):
    return [{"seq": r["seq"], "ts": r["ts"], "symbol": r["symbol"], "side": 1 if r["data"]["side"] == "buy" else -1,
             **{k: e8(r["data"][k]) for k in ("qty", "px", "notional_usd", "fee_usd")}} for r in records(run) if r["code"] == "FILL"]


def share(whole, total, start, end):
    return whole * end // total - whole * start // total


def pick(method, lots, choices, fill, need):
    if method == "specific":
        for choice in choices:
            if choice[0] == fill["seq"] and choice[2]:
                lot = next(x for x in lots if x["seq"] == choice[1])
                taken, choice[2] = choice[2], 0
                return lot, taken
        raise AssertionError("the choices do not reach")
    key = {"fifo": lambda x: x["seq"], "lifo": lambda x: -x["seq"], "hifo": lambda x: (-x["side"] * x["px"], x["seq"])}[method]
    lot = min(lots, key=key)
    return lot, min(need, lot["left"])


def disposals(run, method, choices=()):
    """(symbol, side, qty, open fill, close fill, proceeds, cost, fees, gain), in order."""
    lots, out, choices = {}, [], [list(c) for c in choices]
    for f in fills(run):
        spent, book = 0, lots.setdefault(f["symbol"], [])
        while spent < f["qty"]:
            against = [x for x in book if x["left"] and x["side"] != f["side"]]
            if not against:
                break
            lot, qty = pick(method, against, choices, f, f["qty"] - spent)
            used = lot["qty"] - lot["left"]
            first = share(lot["notional_usd"], lot["qty"], used, used + qty)
            last = share(f["notional_usd"], f["qty"], spent, spent + qty)
            fees = share(lot["fee_usd"], lot["qty"], used, used + qty) + share(f["fee_usd"], f["qty"], spent, spent + qty)
            proceeds, cost = (last, first) if lot["side"] > 0 else (first, last)
            out.append((f["symbol"], "long" if lot["side"] > 0 else "short", qty, lot["seq"], f["seq"], proceeds, cost, fees,
                        proceeds - cost - fees))
            lot["left"] -= qty
            spent += qty
        if spent < f["qty"]:
            book.append({**f, "left": f["qty"] - spent, "qty": f["qty"] - spent,
                         "notional_usd": share(f["notional_usd"], f["qty"], spent, f["qty"]),
                         "fee_usd": share(f["fee_usd"], f["qty"], spent, f["qty"])})
    return out


def told(doc):
    return [(d["symbol"], d["side"], e8(d["qty"]), d["open_fill"], d["close_fill"],
             *(e8(d[k]) for k in ("proceeds_usd", "cost_usd", "fees_usd", "gain_usd"))) for d in doc["disposals"]]


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo"])
def test_lots_are_those_of_an_independent_computation_and_add_up_to_the_books(place, method):
    doc = keel_json("audit", "lots", place, "--method", method)
    want = disposals(place, method)
    assert told(doc) == want and len(want) > 20
    totals, summary = doc["totals"], json.loads((place / "summary.json").read_text())["totals"]
    assert e8(totals["gain_usd"]) == sum(d[-1] for d in want)
    assert doc["open_lots"] == [] and totals["trades"] == summary["trades"]
    # gain less funding and interest, and what the books rounded, is the books' result to the last unit
    assert Decimal(totals["books_usd"]) == Decimal(summary["net_profit_usd"])
    assert Decimal(totals["gain_usd"]) - Decimal(totals["funding_and_interest_usd"]) + Decimal(totals["books_rounding_usd"]) \
        == Decimal(summary["net_profit_usd"])
    assert abs(e8(totals["books_rounding_usd"])) <= 2 * len(fills(place))
    assert e8(totals["fees_usd"]) == sum(f["fee_usd"] for f in fills(place))


def test_the_methods_differ_in_lots_and_agree_in_the_end(place):
    docs = {m: keel_json("audit", "lots", place, "--method", m) for m in ("fifo", "lifo", "hifo")}
    assert len({json.dumps(d["disposals"]) for d in docs.values()}) >= 2
    assert len({d["totals"]["gain_usd"] for d in docs.values()}) == 1  # nothing is open
    assert len({d["totals"]["books_rounding_usd"] for d in docs.values()}) == 1


def test_a_choice_by_hand(place, tmp_path):
    """What LIFO takes, written down and read back, is LIFO; a choice that does not fit is refused."""
    taken = [(d[4], d[3], d[2]) for d in disposals(place, "lifo")]
    path = tmp_path / "choice.csv"

    def write(rows):
        path.write_text("close_fill,open_fill,qty\n" + "".join(f"{c},{o},{Decimal(q) * UNIT:f}\n" for c, o, q in rows))
        return ["audit", "lots", place, "--method", "specific", "--choose", path]
    assert told(keel_json(*write(taken))) == disposals(place, "specific", taken) == disposals(place, "lifo")
    assert "does not fit" in refused(*write(taken[1:]), code=3)
    assert "does not fit" in refused(*write([*taken, (1, 1, 5)]), code=3)
    assert "does not fit" in refused(*write([(taken[0][0], taken[0][1], taken[0][2] + 1), *taken[1:]]), code=3)
    path.write_text("1,2\n")
    assert "choice.csv:1" in refused("audit", "lots", place, "--method", "specific", "--choose", path, code=2)
    refused("audit", "lots", place, "--method", "specific", code=2)
    refused("audit", "lots", place, "--choose", path, code=2)


def test_losses_with_another_lot_nearby_are_marked(place):
    def seconds(text):
        import datetime
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    acquired = []
    for doc in (keel_json("audit", "lots", place),):
        acquired = {(d["symbol"], d["side"], d["open_fill"], d["opened"]) for d in doc["disposals"]}
    counts = []
    for days in (0, 1, 30):
        doc = keel_json("audit", "lots", place, "--wash-days", days)
        marked = [d for d in doc["disposals"] if d["wash_fill"] is not None]
        want = [d for d in doc["disposals"] if days and Decimal(d["gain_usd"]) < 0 and any(
            a[0] == d["symbol"] and a[1] == d["side"] and a[2] != d["open_fill"]
            and abs(seconds(a[3]) - seconds(d["closed"])) <= days * DAY_S for a in acquired)]
        assert marked == want and doc["totals"]["wash_sales"] == len(want)
        assert Decimal(doc["totals"]["wash_loss_usd"]) == -sum((Decimal(d["gain_usd"]) for d in want), Decimal(0))
        counts.append(len(want))
    assert counts[0] == 0 and counts[2] > 0


def test_the_table_has_a_checksum_and_is_the_same_again(place, tmp_path):
    path = tmp_path / "lots.csv"
    doc = json.loads(keel("audit", "lots", place, "--output", path, "--json")[0])
    data = path.read_bytes()
    assert doc["csv_sha256"] == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "lots.csv.sha256").read_text() == f"{doc['csv_sha256']}  lots.csv\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert len(rows) == len(doc["disposals"])
    for row, d in zip(rows, doc["disposals"]):
        assert (row["qty"], row["gain_usd"], int(row["open_fill"]), row["opened"]) \
            == (d["qty"], d["gain_usd"], d["open_fill"], d["opened"])
        assert row["wash_sale"] == ("yes" if d["wash_fill"] else "no") and row["run_id"] == doc["run_id"]
    # from the journal alone: the log made again gives the same table
    keel("replay", place, "--events", tmp_path / "again")
    keel("audit", "lots", tmp_path / "again", "--output", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == data


def test_a_log_that_is_not_whole_is_no_ground_for_taxes(place, tmp_path):
    """A hole, a cut line, an open part that is gone, lines that are missing at the end, and a fill that was changed."""
    run, log = tmp_path / "run", tmp_path / "run/events.jsonl"
    shutil.copytree(place, run)
    data = log.read_bytes()
    lines = data.splitlines(True)
    ends = [i for i, line in enumerate(lines) if b'"code":"POSITION_CLOSE"' in line]

    def why(content):
        log.write_bytes(content)
        return refused("audit", "lots", run, "--output", tmp_path / "lots.csv", code=3)
    assert "records are missing" in why(b"".join(lines[:20] + lines[21:]))
    assert "last line is cut" in why(data[:-1])
    assert "summary.json says: trades" in why(b"".join(lines[:ends[-1]]))
    assert "summary.json says: trades" in why(b"".join(lines[:ends[0] + 1]))
    at = next(i for i in range(ends[0], 0, -1) if b'"code":"FILL"' in lines[i])
    fill = json.loads(lines[at])
    fill["data"]["fee_usd"] = str(Decimal(fill["data"]["fee_usd"]) + Decimal("0.0001"))
    changed = json.dumps(fill, separators=(",", ":")).encode() + b"\n"
    assert "another result than the lots" in why(b"".join([*lines[:at], changed, *lines[at + 1:]]))
    # the first part was closed, the open one is gone: without a summary, too
    (run / "summary.json").unlink()
    assert (run / "events.000001.jsonl.zst").exists()
    log.unlink()
    assert "only closed parts" in refused("audit", "lots", run, code=3)
    assert not (tmp_path / "lots.csv").exists()
    # the books of another result, and of another run
    log.write_bytes(data)
    log.chmod(0o600)
    summary = json.loads((place / "summary.json").read_text())
    keel("audit", "lots", run)
    for path, value in ((("totals", "net_profit_usd"), "1.00"), (("totals", "open_positions"), 1),
                        (("run_id",), "0123456789abcdef")):
        doc = json.loads(json.dumps(summary))
        (doc["totals"] if len(path) == 2 else doc)[path[-1]] = value
        (run / "summary.json").write_text(json.dumps(doc))
        assert f"summary.json says: {path[-1]}" in refused("audit", "lots", run, code=3)
