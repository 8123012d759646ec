"""A strategy is a C file: written, compiled once, run, refused and guarded, with the system's own compiler [STR-01] [STR-02].

usage: test_user_strategies.py --rewrite      puts files and results as they are into docs/strategies.md"""
# time limit: 600 s
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from user_place import FORM, ROOT, TABLES, Place, fast_compiler, line

BUILTIN = "no_trade buy_hold trend ema_cross rsi_reversion donchian_breakout momentum mean_reversion carry".split()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("user"))


def test_new_writes_an_example_that_runs_at_once(place):
    """[STR-01.3] Written, run, compiled once; the second run compiles nothing and gives the same."""
    assert "--strategy mine.c --store STORE --symbols SYMBOL" in place.call("strategy", "new", "mine.c").stdout  # no home
    text = (place.folder / "mine.c").read_text()
    assert 30 <= text.count("\n") <= 45 and all(len(row) <= 120 for row in text.splitlines())
    first = place.result("mine.c", KEEL_CC="")
    assert first["totals"]["trades"] > 10
    kept = place.objects()
    assert len(kept) == 1 and kept[0].endswith(".so")
    again = place.result("./mine.c", KEEL_CC="", PATH=os.environ["PATH"])
    assert place.objects() == kept
    assert again["state_hash"] == first["state_hash"]
    assert again["config_id"] == first["config_id"]  # not where the file lies counts, but what stands in it


def test_new_touches_no_file_that_is_there(place):
    place.write("kept.c", "mine\n")
    done = place.call("strategy", "new", "kept.c")
    assert done.returncode == 2 and "there is a file already" in line(done)
    assert (place.folder / "kept.c").read_text() == "mine\n"
    for name in ("1st.c", "my-idea.c", "my.txt", "ema_cross.c"):
        assert place.call("strategy", "new", name).returncode == 2, name


@pytest.mark.parametrize("name", BUILTIN)
def test_a_copy_of_a_built_in_gives_the_same_bits(place, name):
    """[STR-02.2] The file of a built-in strategy, compiled as a user's, gives the same state and the same trades."""
    shutil.copy(ROOT / f"src/pure/core/strategy/{name}.c", place.folder / f"copy_of_{name}.c")
    rows = {}
    compiler = {"KEEL_CC": ""} if name in ("trend", "ema_cross") else {}  # as a user has it
    for strategy in (name, f"copy_of_{name}.c"):
        trades = place.folder / "trades.csv"
        result = place.result(strategy, "--export-trades", trades, **compiler)
        lines = [row.split(",") for row in trades.read_text().splitlines()]
        drop = [i for i, title in enumerate(lines[0]) if title in ("strategy", "config_id", "run_id")]
        rows[strategy] = (result["state_hash"], [[c for i, c in enumerate(row) if i not in drop] for row in lines])
    assert rows[name] == rows[f"copy_of_{name}.c"]
    assert name == "no_trade" or len(rows[name][1]) > 1


def test_what_a_run_depended_on_is_told(place):
    """[STR-02.2] [T-375] [T-391] The file's hash is part of the config_id; a configuration may ask for that very file."""
    place.write("told.c", FORM + "DECIDE { if (view->side == 0) buy(); }\n")
    first = place.result("told.c")
    shown = json.loads(place.keel("strategy", "show", "told.c", "--json"))
    assert shown["name"] == "told" and shown["version"] == "1.0.0" and len(shown["sha256"]) == 64
    place.write("told.c", FORM + "DECIDE { if (view->side == 0) sell(); }\n")
    assert place.result("told.c")["config_id"] != first["config_id"]
    done = place.backtest("told.c", "--set", f"run.strategy_sha256={shown['sha256']}")
    assert done.returncode == 2 and "not the one this configuration was made with" in line(done)


REFUSED = [
    ("double *x = malloc(8);", "'malloc' is not", "local array"),
    ('printf("x");', "'printf' is not", "--export-decisions"),
    ("double x = sin(1.0);", "'sin' is not", "keel_exp"),
    ("double x = exp(1.0);", "'exp' is not", "keel_exp"),
    ("int64_t x = time(0);", "'time' is not", "view->ts_ms"),
    ("int32_t x = rand();", "'rand' is not", "twice"),
    ("static int32_t n;", "'static' is not", "outlives"),
    ("double x = 1.5f;", "'1.5f' is a float", "leave the f out"),
    ("float x = 1.5;", "'float' is not", "double"),
    ("goto out; out: return;", "'goto' is not", "loop"),
    ('asm("nop");', "'asm' is not", "C"),
    ('__asm__("nop");', "'__asm__' is not", "plain C"),
    ("__builtin_trap();", "'__builtin_trap' is not", "plain C"),
    ("double *q = (double *)4096; *q = 1.0;", "a cast to a pointer", "fields of view"),
    ("double (*f)(double) = 0;", "'f' is a function pointer", "switch"),
    ("union { double d; int64_t i; } u;", "'union' is not", "struct"),
    ("memset(ret, 0, 8);", "'memset' is not", "loop"),
    ("if (valeu(x) > 0) buy();", "there is no function 'valeu'", "nearest is 'value'"),
    ("mal\\\nloc(3);", "'malloc' is not", "local array"),
    ('int32_t n = strlen("x");', "'strlen' is not", "texts"),
]


@pytest.mark.parametrize("body,what,mend", REFUSED, ids=[re.sub(r"\W+", "-", what) for _, what, _ in REFUSED])
def test_what_is_not_in_the_language_is_refused_by_name(place, body, what, mend):
    """Before any compiler: the construct, the line, the reason and the way out; nothing is compiled."""
    kept = place.objects() if (place.folder / "cache").exists() else []
    place.write("refused.c", FORM + "/* malloc( \" in a comment */\nDECIDE {\n" + body + "\n}\n")
    done = place.backtest("refused.c", KEEL_CC="/bin/false")
    assert done.returncode == 2
    text = line(done)
    assert text.startswith("keel: refused.c:6: " if "\\" not in body else "keel: refused.c:"), text
    assert what in text and mend in text
    assert (place.objects() if (place.folder / "cache").exists() else []) == kept


OUTSIDE = [
    ("int32_t count = 0;\nDECIDE { }", "variable 'count' outlives a call"),
    ("KEEL_LOCAL int32_t f(int32_t n) { return n > 0 ? f(n - 1) : 0; }\nDECIDE { f(3); }", "'f' calls itself"),
    ("double g(double x);\nDECIDE { }", "'g' is declared before it is defined"),
    ("DECIDE { g(1.0); }\nKEEL_LOCAL double g(double x) { return x; }", "'g' is called above its definition"),
    ("#include <stdio.h>\nDECIDE { }", "#include of another file"),
    ("#ifdef X\nDECIDE { }\n#endif", "#ifdef is not in a strategy's language"),
    ("#define A(x) mal##loc\nDECIDE { A(1); }", "'##' makes names"),
    ("#define SIGNALS(S) S(a, EMA, CLOSE, 3)\nDECIDE { }", "SIGNALS stands below the include"),
    ("__attribute__((constructor)) void f(void) { }\nDECIDE { }", "'__attribute__' is not"),
    ("DECIDE() { }", "DECIDE has no parentheses"),
    ("KEEL_LOCAL double f(void) { return 1.0; }", "no DECIDE"),
    ("DECIDE {", "a { without its }"),
    ("DECIDE { /* }", "a comment does not end"),
    ("DECIDE { } // ??/\n", "a trigraph"),
    ("DECIDE { double é = 1.0; }", "byte 0xc3"),
]


@pytest.mark.parametrize("text,what", OUTSIDE, ids=[re.sub(r"\W+", "-", what) for _, what in OUTSIDE])
def test_what_stands_outside_decide_is_judged_too(place, text, what):
    place.write("outside.c", FORM + text + "\n")
    done = place.backtest("outside.c", KEEL_CC="/bin/false")
    assert done.returncode == 2 and what in line(done), done.stderr


def gcc(place, text=""):
    """By name: the sentences are gcc's. A frame that is too large is looked for as it is optimised."""
    return "gcc" if "[9000000]" in text else str(fast_compiler(place.folder, "gcc"))


BROKEN = [
    ("DECIDE { buy() }", "broken.c:4: expected ';'"),
    ("DECIDE {\n    x = 3;\n}", "broken.c:5: 'x' undeclared"),
    ("KEEL_LOCAL int32_t f(double x) { return x > 1.0; }\nDECIDE {\n    if (position == 0) buy();\n}",
     "broken.c:6: 'position' undeclared (first use in this function); a new name has its type before it"),
    ("DECIDE { if (value(slow) > 1.0) buy(); }", "broken.c:4: SIGNALS has no row 'slow'"),
    ("DECIDE { if (param(slow) > 1.0) buy(); }", "broken.c:4: PARAMS has no row 'slow'"),
    ("DECIDE { view->side = 1; }", "broken.c:4: assignment of member"),
    ("DECIDE {\n    if (view->side > 0); leave();\n}", "broken.c:5: a ';' right after the condition ends it"),
    ("DECIDE { int32_t n = 1;\n    n == 3;\n    if (n) buy();\n}", "broken.c:5: it does nothing"),
    ("DECIDE {\n    int32_t part = 0.5;\n    if (part) buy();\n}", "broken.c:5: a real in a whole number loses"),
    ("DECIDE { double x[9000000]; x[(int)view->ts_ms & 7] = 1.0; if (x[1] > 0.0) buy(); }", "broken.c:4: the frame size"),
]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="not on this machine: gcc")
@pytest.mark.parametrize("text,what", BROKEN, ids=[re.sub(r"\W+", "-", what) for _, what in BROKEN])
def test_the_compilers_errors_name_file_and_line(place, text, what):
    place.write("broken.c", FORM + text + "\n")
    done = place.backtest("broken.c", KEEL_CC=gcc(place, text))
    assert done.returncode == 2 and what in line(done), done.stderr
    assert "error: " in done.stderr  # the compiler's own words stand above the line
    assert not [name for name in place.objects() if not name.endswith(".so")]  # nothing half made is left


@pytest.mark.skipif(shutil.which("gcc") is None, reason="not on this machine: gcc")
def test_a_row_used_without_its_word_is_told_the_word(place):
    place.write("bare.c", TABLES + '#define PARAMS(P) P(most, REAL, 70, 50, 100, 1, "", "x")\n#define SIGNALS(S) S( rsi, RSI, CLOSE, 14)\n'
                '#include "strategy.def"\nDECIDE {\n    if (rsi > 3.0) buy();\n    if (view->ts_ms > most) sell();\n}\n')
    done = place.call("strategy", "check", "bare.c", "--json", KEEL_CC=gcc(place))
    assert json.loads(done.stdout)["problems"] == ["bare.c:7: 'rsi' is a signal: write value(rsi)",
                                                   "bare.c:8: 'most' is a parameter: write param(most)"], done.stdout


SHORT_ROWS = [
    ('#define PARAMS(P) P(n, INT, 3, 1, 9, 1, "x")', "a row of PARAMS has 8 columns"),
    ("#define SIGNALS(S) S(a, RSI, CLOSE)", "a row of SIGNALS has 4 columns"),
    ("#define PRESETS(C) PLAIN(C) C(sl_atr_mult)", "a row of PRESETS has 2 columns"),
]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="not on this machine: gcc")
@pytest.mark.parametrize("row,what", SHORT_ROWS, ids=[what.split()[3] for _, what in SHORT_ROWS])
def test_a_row_that_lacks_a_column_is_told_the_columns(place, row, what):
    place.write("short.c", TABLES + row + '\n#include "strategy.def"\nDECIDE { }\n')
    done = place.backtest("short.c", KEEL_CC=gcc(place))
    assert done.returncode == 2 and what in line(done), done.stderr
    assert all(said.endswith("\n") for said in done.stderr.splitlines(keepends=True))  # whole lines


TABLE = [
    ('#define PARAMS(P) P(n, INT, 30, 1, 9, 1, "", "x")', "default 30 is outside 1 to 9"),
    ('#define PARAMS(P) P(n, INT, 3, 1, 9, 1, "", "x") P(n2, REAL, 1, 0, 2, 0, "", "x")', "step 0 is no number above 0"),
    ('#define PARAMS(P) P(leverage, REAL, 3, 1, 9, 1, "", "x")', "the name of one of keel's own"),
    ('#define N 3\n#define PARAMS(P) P(n, INT, N, 1, 9, 1, "", "x")', "write plain numbers"),
    ('#undef', "#undef is not"),
    ("#define SCHEMA 2", "SCHEMA 2 is not known"),
    ("#define DEPTH 2.5", "DEPTH 2.5 is no whole number of bars"),
    ("#define DEPTH 9000000", "DEPTH 9000000 is no whole number of bars from 0 to 1000000"),
    ('#define UNIVERSE "btcusdt"', "UNIVERSE \"btcusdt\" is no list of symbols"),
    ('#define UNIVERSE "BTCUSDT,"', "is no list of symbols"),
    ("#define RISK_BUDGET 1.5", "RISK_BUDGET 1.5 is no share of equity"),
    ("#define REGIMES 64", "REGIMES has other bits"),
    ("#define FEEDS 8", "FEEDS has other bits"),
    ('#define FAMILY "my.family"', "FAMILY \"my.family\" is no name"),
    ('#define REQUIRES(Q) Q(1 > 0, "")', "REQUIRES: '1 > 0' has no sentence"),
]


@pytest.mark.parametrize("text,what", TABLE, ids=[re.sub(r"\W+", "-", what) for _, what in TABLE])
def test_tables_are_judged(place, text, what):
    """[STR-02.1] [T-365] [T-387] A table that is not in order refuses the file at load."""
    place.write("table.c", text + "\n" + FORM + "DECIDE { }\n")
    done = place.backtest("table.c")
    assert done.returncode == 2 and what in line(done), done.stderr


# One file, many crimes: compiled once, chosen by a parameter.
HOSTILE = TABLES + """
#define PARAMS(P) P(crime, INT, 0, 0, 20, 1, "", "which")
#define SIGNALS(S) S(a, EMA, CLOSE, 5)
#include "strategy.def"
KEEL_LOCAL double deep(double *from, int32_t n) {
    double room[16000];
    for (int32_t i = 0; i < n; i++) room[i % 16000] = from[i % 16] + (double)i;
    return room[n % 16000];
}
DECIDE {
    int32_t crime = (int32_t)param(crime), zero = view->side * view->bars_held * 0;
    int32_t four[4] = {0, 0, 0, 0};
    int32_t *p1 = &ret->signal, *nothing = 0;
    double few[16] = {0.0};
    if (view->ts_ms < 1672617600000) return; /* the first day is innocent */
    switch (crime) {
        case 1: *nothing = 1; break;
        case 2: while (zero == 0) four[0]++; break;
        case 3: if (100 / view->side > 3) buy(); break;
        case 4: four[crime + zero] = 7; if (four[0] > zero) buy(); break;
        case 5: p1[1000] = 1; break;
        case 6: p1[-2000] = 1; break;
        case 7: ret->signal = 99; break;
        case 8: ret->fraction = keel_sqrt(-1.0); break;
        case 9: p1 = four; for (int32_t i = 0; i < 200; i++) p1[i] = i; if (four[zero] > 1) sell(); break;
        case 10: p1[(int32_t)value(a) % 7 + 100000000] = 1; break;
        case 11: ret->reason = 40; break;
        case 12: if (deep(few, 16000) < 0.0) buy(); break;
        default: if (view->side == 0) buy(); break;
    }
}
"""
CRIMES = {1: "a pointer to nothing", 2: "no answer after 0.5 s of computing", 3: "divided a whole number by zero",
          4: "used an index outside its array", 5: "wrote outside ret", 6: "", 7: "ret->signal is none of",
          8: "ret->fraction is not above 0", 9: "", 10: "outside its memory", 11: "ret->reason is no entry reason"}


@pytest.mark.parametrize("crime", sorted(CRIMES))
def test_a_strategy_that_misbehaves_ends_only_its_own_run(place, crime):
    """One clear line that names the file, the bar and what happened; exit 1; no result is written."""
    place.write("hostile.c", HOSTILE)
    done = place.backtest("hostile.c", "--set", f"crime={crime}", "--strategy-timeout", "0.5", "--export-trades", "none.csv",
                          KEEL_CC="")
    assert done.returncode == 1 and done.stdout == ""
    text = line(done)
    assert re.search(r"strategy hostile.c: at the bar that closed 2023-01-02T00:00:00.000Z \(its call \d+\): ", text), text
    assert CRIMES[crime] in text
    assert not (place.folder / "none.csv").exists()


def test_the_same_file_without_a_crime_runs(place):
    place.write("hostile.c", HOSTILE)
    assert place.result("hostile.c", "--set", "crime=0", KEEL_CC="")["totals"]["trades"] > 0
    assert place.result("hostile.c", "--set", "crime=12", KEEL_CC="")["totals"]["trades"] == 0


def test_a_crash_in_the_tables_is_told_too(place):
    place.write("tables.c", TABLES + '#define PARAMS(P) P(n, INT, 0, 0, 9, 1, "", "x")\n'
                "#define SIGNALS(S) S(a, EMA, CLOSE, 10 / (int32_t)param(n))\n" '#include "strategy.def"\nDECIDE { }\n')
    done = place.backtest("tables.c")
    assert done.returncode == 1 and "before the first bar (in SIGNALS or READS): divided a whole number by zero" in line(done)
    place.write("periods.c", TABLES + "#define SIGNALS(S) S(a, SMA, CLOSE, 5000)\n" '#include "strategy.def"\nDECIDE { }\n')
    done = place.backtest("periods.c")
    assert done.returncode == 2 and "SMA with period 5000, which is 1 to 2000" in line(done)
    place.write("future.c", TABLES + "#define SIGNALS(S) S(a, PREV, CLOSE, -1)\n" '#include "strategy.def"\nDECIDE { }\n')
    done = place.backtest("future.c")
    assert done.returncode == 2 and "PREV with lag -1, which is 1 to 1000" in line(done)


def test_no_compiler_is_said_plainly(place):
    place.write("nocc.c", FORM + "DECIDE { if (view->side == 0) buy(); }\n")
    done = place.backtest("nocc.c", PATH="/nonexistent", KEEL_CC="")
    assert done.returncode == 4 and "no C compiler" in line(done) and "apt install gcc" in line(done)
    done = place.backtest("nocc.c", KEEL_CC="/no/such/cc")
    assert done.returncode == 4 and "KEEL_CC=/no/such/cc" in line(done)
    done = place.backtest("nocc.c", KEEL_CC="/bin/false")
    assert done.returncode == 1 and "the compiler failed" in line(done)
    assert place.call("strategy", "show", "nowhere.c").returncode == 4


def test_a_cache_that_others_may_write_is_refused(place, tmp_path):
    (tmp_path / "keel/strategies").mkdir(parents=True)
    (tmp_path / "keel/strategies").chmod(0o777)
    place.write("cached.c", FORM + "DECIDE { if (view->side == 0) buy(); }\n")
    done = place.backtest("cached.c", XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1 and "others may write what would be executed" in line(done)


def test_compiling_is_told_where_progress_is_shown(place, tmp_path):
    place.write("told_once.c", FORM + "DECIDE { if (view->side == 0) buy(); }\n")
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    first = place.call("strategy", "check", "told_once.c", "--progress", **cache)
    again = place.call("strategy", "check", "told_once.c", "--progress", **cache)
    assert first.returncode == 0 and "compiling told_once.c" in first.stderr and "compiling" not in again.stderr
    assert "compiling" not in place.call("strategy", "check", "told_once.c", XDG_CACHE_HOME=str(tmp_path / "other")).stderr


def test_only_a_close_word_is_suggested(place):
    """A word that is far from all that there is gets no nonsense for an answer."""
    place.write("far.c", FORM + "DECIDE { bollinger_squeeze(3); }\n")
    done = place.backtest("far.c")
    assert "there is no function 'bollinger_squeeze'" in line(done) and "nearest" not in line(done)
    for words, close in ((("strategy", "show", "emacross"), "nearest is 'ema_cross'"), (("strategy", "show", "qqqqqq"), None),
                         (("strategy", "chekc"), "nearest is 'check'"), (("strategy", "optimise"), None),
                         (("strategy", "list", "--jsno"), "nearest is '--json'"), (("strategy", "list", "--qqqq"), None)):
        said = line(place.call(*words))
        assert close in said if close else "nearest" not in said, said


# ---- the page and its examples ----

PAGE = ROOT / "docs/strategies.md"
EXAMPLES = sorted((ROOT / "examples/strategies").glob("*.c"))


def results_table(folder):
    """The table of the page, from the program: each example on the market that the page names."""
    there = Place.__new__(Place)
    there.folder, there.env = folder, {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder),
                                       "KEEL_CC": str(fast_compiler(folder))}
    there.keel("data", "synth", "--store", "seven", "--symbols", "BTCUSDT,ETHUSDT", "--interval", "1h", "--bars", "6000",
               "--seed", "7")
    rows = []
    for name in re.findall(r"<!-- file: examples/strategies/(\w+)\.c -->", PAGE.read_text()):
        done = there.call("backtest", "run", "--store", "seven", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h",
                          "--strategy", ROOT / f"examples/strategies/{name}.c", "--set", "slippage_bps=1", "--no-baselines",
                          "--json")
        assert done.returncode in (0, 3), done.stderr
        totals = json.loads(done.stdout)["totals"]
        rows.append(f"| `{name}.c` | {totals['trades']} | {totals['wins']} | {totals['net_profit_usd']} USD |")
    return "\n".join(rows)


def rewritten(text, table):
    text = re.sub(r"(<!-- results -->\n)(?:\|.*\n)*", lambda m: m.group(1) + table + "\n", text)
    return re.sub(r"<!-- file: (\S+) -->\n```c\n.*?```\n",
                  lambda m: f"<!-- file: {m.group(1)} -->\n```c\n{(ROOT / m.group(1)).read_text()}```\n", text, flags=re.S)


def test_the_page_shows_the_examples_and_their_results(tmp_path):
    """[STR-07] Five files run as they stand, to the results on the page; the page prints the files as they are."""
    assert len(EXAMPLES) == 5
    text = PAGE.read_text()
    assert all(f"examples/strategies/{path.name}" in text for path in EXAMPLES)
    assert text == rewritten(text, results_table(tmp_path)), "run tests/py/test_user_strategies.py --rewrite on purpose"


def test_the_page_quotes_real_messages():
    """What keel says in the table of mistakes is what its sources say."""
    table = PAGE.read_text().split("## Common mistakes", 1)[1].split("## What the language", 1)[0]
    sources = "".join(path.read_text() for path in sorted((ROOT / "src/kernel").glob("*.[ch]"))) + \
        (ROOT / "src/app/cli/strategy_check.c").read_text() + (ROOT / "src/app/cli/strategy_rules.c").read_text()
    sources = re.sub(r'"\s*\n\s*"', "", sources)
    for words in ("is not in a strategy's language", "the math library gives other bits on other machines",
                  "a strategy keeps no memory between bars", "--export-decisions writes what it saw and said at each bar",
                  "stands below the include, where nobody reads it", "SIGNALS has no row", "look for a loop that does not end",
                  "divided a whole number by zero", "used an index outside its array, or a pointer to nothing",
                  "decisions change with the length of the history however long it is", "SIGNALS cannot be computed",
                  "divided by zero, or took the logarithm of zero"):
        assert words in sources and words in table, words


# ---- strategy check ----

def checks(place, name, *words):
    done = place.call("strategy", "check", name, "--json", *words)
    document = json.loads(done.stdout)
    assert document["ok"] == (done.returncode == 0)
    return done.returncode, document, {row["name"]: row["ok"] for row in document["checks"]}


@pytest.mark.parametrize("name", BUILTIN)
def test_check_passes_the_built_in_strategies(place, name):
    """[T-381] [T-374] Deterministic, without look-ahead, settled with enough history."""
    code, document, rows = checks(place, name)
    assert code == 0 and rows == {"language": True, "tables": True, "deterministic": True, "no_lookahead": True,
                                  "warm_up": True, "acts": True}
    assert document["warmup_bars"] <= document["settled_bars"]
    assert document["proven"] == (document["decisions"] > 0) == (name != "no_trade")
    assert all(row["proven"] == document["proven"] for row in document["checks"] if row["name"] not in ("language", "tables"))


def test_check_says_where_nothing_was_shown(place):
    """[T-381] Who never decides is not called proven; who waits for a regime gets a market that is long enough to have one."""
    place.write("silent.c", TABLES + '#define SIGNALS(S) S(a, EMA, CLOSE, 5)\n#include "strategy.def"\nDECIDE { if (value(a) < 0.0) buy(); }\n')
    text = place.keel("strategy", "check", "silent.c")
    for name in ("deterministic", "no_lookahead", "warm_up", "acts"):
        assert f"unknown {name:<14} " in text
    assert "unknown no_lookahead   it decided nothing on the made-up market, so nothing was shown" in text
    place.write("bull.c", TABLES + "#define REGIMES (KEEL_IN_BULL | KEEL_IN_BEAR | KEEL_IN_CHOP)\n#define SIGNALS(S) S(a, ROC, CLOSE, 9)\n"
                '#include "strategy.def"\nDECIDE { if (value(a) > 0.0 && view->side <= 0) buy(); if (value(a) < 0.0 && view->side >= 0) sell(); }\n')
    code, document, _ = checks(place, "bull.c")
    assert code == 0 and document["proven"] and document["decisions"] > 20 and document["trades"] > 20


def test_one_proof_by_itself(place):
    """validate lookahead and validate warmup, and Freqtrade's words for them: the rows of strategy check, the same exit codes."""
    whole = {row["name"]: row for row in json.loads(place.keel("strategy", "check", "ema_cross", "--json"))["checks"]}
    for verb, word, row in (("lookahead", "lookahead-analysis", "no_lookahead"), ("warmup", "recursive-analysis", "warm_up")):
        for words in (("validate", verb, "ema_cross"), (word, "-s", "ema_cross"), ("validate", verb, "--strategy", "ema_cross")):
            assert json.loads(place.keel(*words, "--json"))["checks"] == [whole[row]]
        assert place.keel("validate", verb, "ema_cross").startswith(f"ok      {row}")
        assert place.call("validate", verb).returncode == 2
        assert place.call("validate", verb, "ema_cross", "--strategy", "trend").returncode == 2
    done = place.call("validate", "lookahead", "no_trade")
    assert done.returncode == 3 and line(done).startswith("keel: no_trade: no_lookahead: it decided nothing")
    said = json.loads(place.call("validate", "lookahead", "no_trade", "--json").stdout)
    assert said["proven"] is False and said["ok"] is False and said["checks"][0]["ok"] is False
    assert place.call("strategy", "check", "no_trade").returncode == 0
    place.write("level.c", TABLES + "#define SIGNALS(S) S(total, OBV, CLOSE, 0)\n" '#include "strategy.def"\n'
                "DECIDE { if (value(total) > 0.0 && view->side <= 0) buy(); if (value(total) < 0.0 && view->side >= 0) sell(); }\n")
    assert place.call("validate", "warmup", "level.c").returncode == 3
    assert place.call("validate", "lookahead", "level.c").returncode == 0
    place.write("words.c", FORM + "DECIDE { double x = sin(malloc(3)); goto a; a: ; }\n")
    done = place.call("validate", "lookahead", "words.c", "--json")
    assert done.returncode == 2 and [row["name"] for row in json.loads(done.stdout)["checks"]] == ["language"]


def test_all_rules_that_are_broken_are_listed(place):
    """[STR-02.1] [T-387] Rules between parameters and signals out of bounds, each by its own line; a run names the first and
    how many more there are."""
    place.write("rules.c", TABLES + '#define PARAMS(P) P(n, INT, 5, 0, 99, 1, "bars", "x") P(m, INT, 9, 0, 99, 1, "bars", "y")\n'
                '#define REQUIRES(Q) Q(param(n) < param(m), "n must be below m") Q(param(n) + param(m) > 1, "both are too small")\n'
                "#define SIGNALS(S) S(a, EMA, CLOSE, param(n)) S(b, RSI, CLOSE, param(m))\n"
                '#include "strategy.def"\nDECIDE { if (value(a) > value(b)) buy(); }\n')
    wrong = ("--set", "n=0", "--set", "m=0")
    code, document, rows = checks(place, "rules.c", *wrong)
    assert code == 2 and rows["runs"] is False
    assert [problem.split(": ", 1)[1].split(":")[0] for problem in document["problems"]] == [
        "n must be below m", "both are too small", "SIGNALS cannot be computed", "SIGNALS cannot be computed"]
    assert "EMA with period 0" in document["problems"][2] and "RSI with period 0" in document["problems"][3]
    told = place.call("strategy", "check", "rules.c", *wrong)
    assert "4 rules are broken" in line(told) and sum(row.startswith("rules.c: ") for row in told.stdout.splitlines()) == 4
    done = place.backtest("rules.c", *wrong)
    assert done.returncode == 2 and line(done).startswith("keel: rules.c: n must be below m: it has n = 0, m = 0")
    assert line(done).endswith("(and 3 more: 'keel strategy check' lists them)")


def test_check_names_what_fails(place):
    """Exit 2 for language and tables, 3 for a proof, 1 for a crash; each row says which."""
    place.write("level.c", TABLES + "#define SIGNALS(S) S(total, OBV, CLOSE, 0)\n" '#include "strategy.def"\n'
                "DECIDE { if (value(total) > 0.0 && view->side <= 0) buy(); if (value(total) < 0.0 && view->side >= 0) sell(); }\n")
    code, _, rows = checks(place, "level.c")
    assert code == 3 and rows["warm_up"] is False and rows["no_lookahead"] is True
    place.write("words.c", FORM + "DECIDE { double x = sin(malloc(3)); goto a; a: ; }\n")
    code, document, rows = checks(place, "words.c")
    assert code == 2 and rows == {"language": False} and len(document["problems"]) == 3
    place.write("table.c", '#define PARAMS(P) P(n, INT, 30, 1, 9, 1, "", "x")\n' + FORM + "DECIDE { }\n")
    code, _, rows = checks(place, "table.c")
    assert code == 2 and rows == {"language": True, "tables": False}
    place.write("broken.c", FORM + "DECIDE {\n    x = 3;\n    if (value(slow) > 1.0) buy();\n}\n")
    code, document, rows = checks(place, "broken.c")
    assert code == 2 and rows == {"compiles": False} and len(document["problems"]) == 2
    assert document["problems"][1] == "broken.c:6: SIGNALS has no row 'slow'"
    done = place.call("strategy", "check", "broken.c")
    assert (done.stdout + done.stderr).count("SIGNALS has no row 'slow'") == 1  # once is enough
    assert (done.stdout + done.stderr).count("undeclared") == 1
    place.write("table.c", '#define PARAMS(P) P(n, INT, 30, 1, 9, 1, "", "x")\n' + FORM + "DECIDE { }\n")
    place.write("zero.c", TABLES + '#define PARAMS(P) P(n, INT, 0, 0, 9, 1, "", "x")\n#define SIGNALS(S) S(a, EMA, CLOSE, 5)\n'
                '#include "strategy.def"\nDECIDE { if (value(a) / param(n) > 1.0) buy(); }\n')
    code, document, rows = checks(place, "zero.c")
    assert code == 3 and rows["numbers"] is False and rows["deterministic"] is True
    assert any("divided by zero" in row["detail"] for row in document["checks"])
    code, document, rows = checks(place, "zero.c", "--set", "n=2")
    assert code == 0 and rows["numbers"] is True
    place.write("root.c", TABLES + '#define SIGNALS(S) S(a, ROC, CLOSE, 5)\n#include "strategy.def"\n'
                "DECIDE { if (keel_sqrt(value(a)) > 1.0 && view->side <= 0) buy(); }\n")
    code, document, rows = checks(place, "root.c")
    assert code == 3 and rows["numbers"] is False
    place.write("crash.c", FORM + "DECIDE { if (100 / view->side > 3) buy(); }\n")
    code, document, rows = checks(place, "crash.c")
    assert code == 1 and rows["runs"] is False and "divided a whole number by zero" in document["checks"][-1]["detail"]


def test_list_names_the_files_of_a_home(place, tmp_path):
    """strategies/ of the home is looked through; a bare name finds a file there."""
    place.keel("init", tmp_path / "home")
    shutil.copy(ROOT / "examples/strategies/weekend.c", tmp_path / "home/strategies/mine.c")
    home = {"KEEL_HOME": str(tmp_path / "home")}
    listed = json.loads(place.call("strategy", "list", "--json", **home).stdout)
    assert [row["name"] for row in listed["files"]] == ["mine"] and len(listed["strategies"]) == 9
    assert "strategies/mine.c" in place.call("strategy", "list", **home).stdout
    shown = json.loads(place.call("strategy", "show", "mine", "--json", **home).stdout)
    assert shown["name"] == "mine" and shown["file"].endswith("strategies/mine.c")


def test_files_and_built_in_strategies_trade_beside_each_other(place):
    """Several strategies in one run: a file on its own account, and with a built-in one on a shared account."""
    place.write("beside.c", FORM + "DECIDE { if (view->side == 0) buy(); }\n")
    for accounts in ("separate", "shared"):
        result = place.result("beside.c,ema_cross", "--accounts", accounts)
        assert result["totals"]["trades"] > 1
    place.write("other.c", FORM + "DECIDE { if (view->side == 0) sell(); }\n")
    assert place.result("beside.c,other.c")["totals"]["trades"] > 1
    done = place.backtest("beside.c,other.c", "--accounts", "shared")
    assert done.returncode == 2 and "two files on one account" in line(done)


def test_a_sweep_over_a_file_that_was_never_compiled(place, tmp_path):
    """[STR-01.3] The first use may be a sweep, on several threads; each trial is the backtest of its parameters."""
    place.write("swept.c", TABLES + '#define PARAMS(P) P(bars, INT, 20, 2, 99, 1, "bars", "x")\n'
                "#define SIGNALS(S) S(change, ROC, CLOSE, param(bars))\n" '#include "strategy.def"\n'
                "DECIDE { if (value(change) > 0.0 && view->side <= 0) buy(); if (value(change) < 0.0 && view->side >= 0) sell(); }\n")
    compiler = {"XDG_CACHE_HOME": str(tmp_path)}
    done = place.call("sweep", "run", "--store", "store", "--symbols", "BTCUSDT,ETHUSDT", "--timeframe", "1h", "--strategy",
                      "swept.c", "--param", "bars=10,20,30", "--json", **compiler)
    assert done.returncode == 0, done.stderr
    sweep = json.loads(done.stdout)
    assert sweep["trials"] == 3 and sweep["failed"] == 0
    best = sweep["best"]
    alone = place.result("swept.c", "--set", f"bars={best['params']['bars']}", **compiler)
    assert alone["state_hash"] == best["state_hash"]


if __name__ == "__main__":
    import sys
    import tempfile
    if sys.argv[1:] != ["--rewrite"]:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as there:
        PAGE.write_text(rewritten(PAGE.read_text(), results_table(Path(there))))
