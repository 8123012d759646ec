"""Only the ledger moves money: nowhere else in src/ is a balance, margin, cost, fee or profit written or computed [KRN-01.1]
[KRN-01] [KRN-09.1].

The check reads the source: the fields of the books may be written by the ledger alone, and computed with only where READERS
says why. It finds what is written plainly; what hides behind a copy into a local of another name is left to the ledger of
the tests (tests/py/oracle_ledger.py), which recomputes every amount."""
import os
import re
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
LEDGER = "pure/core/ledger/"
FIELDS = "(?:cash|margin|basis|contra|fees|funding|realised|capital)_e8"
RATES = r"(?:(?:maker|taker)_fee_bps|fee_rate_e8)"

# path -> (what it may do, why). write: set a field. compute: an expression with one. rate: an expression with a fee rate.
# name: speak of a field without a record (tables). book: call the ledger.
READERS = {
    "pure/core/state.c": ("write compute", "empty books; equity is a sum over them"),
    "pure/core/bookkeeping.c": ("write compute book", "the one caller of the ledger; a trade's record is a position plus its last posting"),
    "pure/core/decide.c": ("write compute", "what a reversal sets free; a position as it would be, for the levels of an order"),
    "pure/core/step.c": ("compute", "margin against maintenance, a warning"),
    "pure/core/quiet.c": ("compute rate", "equity as a line in price: what revaluing would give, without doing it"),
    "pure/core/risk/sizing.c": ("compute rate", "free cash bounds an entry, and its fee must fit too"),
    "pure/model/position.h": ("name", "declares them"),
    "pure/model/trade.h": ("name", "declares them"),
    "engine/state_fields.h": ("name", "a state as a document, read back to the same hash"),
    "engine/state_json.c": ("compute", "judges a document before it is taken over"),
    "app/cli/backtest_accounts.c": ("write", "hands each account's lane its starting balance"),
    "app/cli/sweep_trial.c": ("write", "hands a trial's lane its starting balance"),
    "app/cli/sweep_failure.c": ("write", "hands the lane of a trial that differs its starting balance"),
    "app/cli/parity_ways.c": ("write", "hands lane, group and engine their starting balance"),
    "app/cli/validate_parity.c": ("write", "hands the plain loop its starting balance"),
    "app/cli/parity_page.c": ("write compute", "sums over the trades of finished runs; funding is shown as income"),
    "research/sweep/lane_run.h": ("name", "a lane's starting balance, asked for"),
    "pure/lane/crowd.c": ("compute rate", "equity between two steps, as a sum and as bounds of it: what stepping would mark"),
    "pure/lane/lane.c": ("compute", "sums over positions still open, for totals and reports"),
    "research/sweep/group.h": ("name", "the same, of one run of a group"),
    "research/trade_figures.c": ("write compute", "copies a trade into a row; asserts that costs add up to the net"),
    "app/cli/sweep_group.c": ("write", "hands the runs of a group their starting balance"),
    "device/records.h": ("name", "a lane's starting balance, sent to a device"),
    "research/sweep/lane_batch.c": ("write name", "the same, handed on"),
    "research/sweep/lane_batch.h": ("name", "the same, asked for"),
    "research/sweep/lane_plain.c": ("name", "the same, given to the plain loop"),
    "research/sweep/lane_ask.c": ("write", "the same, of the known-answer market"),
    "app/cli/backtest_span.c": ("write", "hands the starting balance to the run"),
    "app/cli/backtest_run.c": ("write", "hands the starting balance to the run"),
    "app/cli/backtest_tell.c": ("rate", "prints the rates"),
    "app/cli/backtest_report.c": ("write compute", "adds up the costs of a run; asserts that they come to the net"),
    "app/cli/audit_rows.c": ("compute", "funding is shown as income: its sign turns, as in trades.csv"),
    "app/cli/backtest_csv.c": ("compute", "funding is shown as income: its sign turns"),
    "ops/report/folder.h": ("name", "a row of trades.csv, read back for the report"),
    "ops/report/folder_tables.c": ("write", "reads that row"),
    "stats/tally.c": ("write compute", "sums over the trades of a finished run"),
    "app/cli/backtest_findings.c": ("compute", "share of costs in the price profit"),
}

RECORD = r"(?:\(\s*(?:double|int64_t)\s*\)\s*)?[A-Za-z_]\w*(?:\[[^\]]*\]|->\w+|\.\w+)*?(?:->|\.)"


def uses(operand):
    """Patterns of arithmetic with an operand: by sign, and by the checked functions of num/int.h."""
    return [re.compile(rf"[-+*/%]\s*{operand}\b"), re.compile(rf"{operand}\s*[-+*/%](?![-+=>])"),
            re.compile(rf"\bkeel_(?:add|sub|mul|div|neg|abs)\w*\((?:[^;{{}}]*[(,\s])?{operand}\b(?!\s*\))[^;{{}}]*;")]


RULES = {
    "write": [re.compile(rf"{RECORD}{FIELDS}\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)"), re.compile(rf"{RECORD}{FIELDS}\s*(?:\+\+|--)"),
              re.compile(rf"(?:\+\+|--)\s*{RECORD}{FIELDS}\b"), re.compile(rf"(?<!&)&\s*{RECORD}{FIELDS}\b"),
              re.compile(rf"(?<=[{{,\s])\.{FIELDS}\s*=(?!=)")],
    "compute": uses(RECORD + FIELDS),
    "rate": uses(rf"(?:{RECORD})?{RATES}"),
    "name": [re.compile(rf"(?<![\w.>\"]){FIELDS}\b(?!\s*\()")],
    "book": [re.compile(r"\bkeel_ledger_(?:deposit|book|settle|accrue)\s*\(")],
}
# Records of results and options have fields of these names too, and locals may; they are no books.
OWN_NAMES = {"name": ("app/", "kernel/", "stats/", "pure/lane/", "pure/core/")}


def strip(text):
    """The code without comments and literals, line numbers kept; includes go too."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^\s*#\s*include[^\n]*', blank, text,
                  flags=re.S | re.M)


def findings(path, text):
    """(what, line number, code) of everything that touches the books."""
    code, found = strip(text), []
    for what, patterns in RULES.items():
        if path.startswith(OWN_NAMES.get(what, ())) and what in OWN_NAMES:
            continue
        for pattern in patterns:
            for hit in pattern.finditer(code):
                line = code.count("\n", 0, hit.end()) + 1
                found.append((what, line, text.splitlines()[line - 1].strip()[:100]))
    return sorted(set(found))


def sources(root):
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in (".c", ".h", ".def", ".inc"):
            name = path.relative_to(root / "src").as_posix()
            if not name.startswith(LEDGER):
                yield name, path.read_text()


def problems(root):
    found = []
    for name, text in sources(root):
        allowed = READERS.get(name, ("", ""))[0].split()
        found += [f"src/{name}:{line}: {what}: {code}" for what, line, code in findings(name, text) if what not in allowed]
    return found


def test_only_the_ledger_moves_money():
    found = problems(ROOT)
    assert not found, "not the ledger's, and no reader that is listed:\n" + "\n".join(found)


def test_every_reader_is_one():
    """A grant that nobody uses any more is taken back."""
    texts = dict(sources(ROOT))
    for name, (grants, reason) in READERS.items():
        assert name in texts and reason, name
        done = {what for what, _, _ in findings(name, texts[name])}
        assert done == set(grants.split()), f"{name}: granted {grants}, does {' '.join(sorted(done))}"


@pytest.mark.parametrize("what, code", [
    ("write", "void f(keel_state *st) { st->acct.cash_e8 = 5; }"),
    ("write", "void f(keel_state *st) { st->sym[i].pos.margin_e8 += fee; }"),
    ("write", "void f(keel_account *a) { a->fees_e8++; }"),
    ("write", "void f(keel_account *a) { (void)keel_add_i64(x, y, &a->realised_e8); }"),
    ("write", "keel_account a = {.cash_e8 = 5};"),
    ("compute", "int64_t f(const keel_state *st) { return st->acct.cash_e8 - 5; }"),
    ("compute", "int64_t f(const keel_state *st) { return 5 + st->acct\n.cash_e8; }".replace("\n", "")),
    ("compute", "int64_t f(const keel_position *p) { return 3 * p->basis_e8; }"),
    ("compute", "double f(const keel_position *p) { return (double)p->basis_e8 / 2.0; }"),
    ("compute", "int f(const keel_account *a) { return keel_sub_i64(a->cash_e8, x, &y); }"),
    ("rate", "int64_t fee(const keel_params *p) { return notional * p->taker_fee_bps; }"),
    ("rate", "int64_t fee(int64_t maker_fee_bps) { return maker_fee_bps * notional / 10000; }"),
    ("name", "size_t at = offsetof(keel_account, cash_e8);"),
    ("book", "void f(void) { keel_ledger_book(a, pos, &fill, posting, &n); }"),
])
def test_planted_arithmetic_is_caught(tmp_path, what, code):
    folder = tmp_path / "src" / "edge"
    folder.mkdir(parents=True)
    (folder / "planted.c").write_text("/* st->acct.cash_e8 = 1 in a comment is fine */\n" + code + "\n")
    found = problems(tmp_path)
    assert any(f"src/edge/planted.c:2: {what}:" in line for line in found), found


@pytest.mark.parametrize("code", [
    'const char *text = "a.cash_e8 = 5";',
    "int f(const keel_account *a) { return a->cash_e8 == 5 || a->cash_e8 >= 0; }",
    "int64_t f(const keel_account *a) { return a->cash_e8; }",
    "void f(const keel_account *a) { keel_json_ke8(j, key, a->cash_e8); }",
    "int f(const keel_account *a) { return x && a->fees_e8; }",
])
def test_reading_is_free(tmp_path, code):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "reader.c").write_text(code + "\n")
    assert problems(tmp_path) == []


def test_the_ledger_itself_is_where_it_happens():
    """The patterns do see money move: in the ledger they find a good deal."""
    text = (ROOT / "src" / (LEDGER + "ledger.c")).read_text()
    kinds = [what for what, _, _ in findings(LEDGER + "ledger.c", text)]
    assert kinds.count("write") > 10 and kinds.count("compute") > 3
