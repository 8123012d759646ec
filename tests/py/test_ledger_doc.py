"""The worked example of docs/models/ledger.md is what the code books: every row, to the last digit."""
import os
import subprocess
from decimal import Decimal
from pathlib import Path

from ledger import market, replay
from oracle_ledger import Ledger, OK

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
PAGE = ROOT / "docs" / "models" / "ledger.md"
WORDS = ("what", "quantity", "price", "rate", "leverage")
TOTALS = ("cash", "margin", "basis", "fees", "funding", "realised", "held")


def rows():
    """The cells of the table that has both the words and the totals in its head."""
    lines = [[cell.strip() for cell in line.strip("| \n").split("|")]
             for line in PAGE.read_text().splitlines() if line.startswith("|")]
    head = lines.index([*WORDS, *TOTALS])
    table = []
    for cells in lines[head + 2:]:
        if len(cells) != len(WORDS) + len(TOTALS):
            break
        table.append(dict(zip((*WORDS, *TOTALS), cells)))
    return table


def units(text, scale=8):
    return int(Decimal(text.replace(" ", "").rstrip("x") or "0").scaleb(scale))


def operation(row):
    qty, px = units(row["quantity"]), units(row["price"])
    if row["what"] == "deposit":
        return market.Deposit(qty)
    if row["what"] == "funding":
        return market.Funding(0, px, units(row["rate"], 16))
    side = {"buy": 1, "sell": -1}[row["what"]]
    return market.Fill(0, side, qty, px, px, units(row["rate"]), units(row["leverage"]))


def test_the_worked_example_is_what_is_booked():
    """[KRN-02] [KRN-03] [KRN-04] [KRN-08.4]"""
    table = rows()
    assert len(table) >= 7
    stream = replay.Stream()
    stream.add_account(Ledger(1), 0, [operation(row) for row in table])
    program = replay.programs()[1]
    stream.compare(program)
    done = subprocess.run([program], input=b"".join(stream.bytes), capture_output=True, timeout=60, check=True)
    for row, got in zip(table, replay.OUTCOME.iter_unpack(done.stdout)):
        refusal, _, _, side, *amounts = got
        by_name = dict(zip(replay.FIELDS[2:], amounts), held=side * amounts[replay.FIELDS.index("qty") - 2])
        assert refusal == OK, row
        shown = {name: row[name] for name in TOTALS}
        booked = {name: f"{Decimal(by_name[name]).scaleb(-8):f}" for name in TOTALS}
        assert {n: Decimal(v) for n, v in shown.items()} == {n: Decimal(v) for n, v in booked.items()}, row["what"]
