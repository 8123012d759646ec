"""The page for people who come from other programs says nothing of keel that is not so."""
import json
import os
import re
from pathlib import Path

import data_tool as tool
from test_completion import commands, options_of

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
PAGE = (ROOT / "docs" / "coming_from.md").read_text()


def spans(text):
    """Code in backticks outside fenced blocks, and what follows it."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    return [(m.group(1), text[m.end():m.end() + 12]) for m in re.finditer(r"`([^`\n]+)`", text)]


def test_every_command_is_there_or_said_to_be_planned():
    """keel NOUN VERB in a code span is a command with these options, or has '(planned)' behind it."""
    known = {" ".join(words): words for words in commands()}
    nouns = {words[0] for words in commands() if len(words) == 1}
    seen = 0
    for code, after in spans(PAGE):
        if not code.startswith("keel ") or code.startswith("keel backtesting"):
            continue
        words = code.split()[1:]
        name = words[0] if words[0] in nouns else " ".join(words[:2])
        seen += 1
        if name not in known:
            assert after.startswith(" (planned)"), f"`{code}`: no such command, and not said to be planned"
            continue
        wanted = {w.split("=")[0] for w in words if w.startswith("--")}
        assert wanted <= set(options_of(known[name])), code
    assert seen > 20


def test_words_marked_with_a_star_are_taken():
    aliases = tool.keel("--help")[0].split("Words of Freqtrade", 1)[1].split("\n\n")[0]
    starred = re.findall(r"^\| `([\w-]+)` \*", PAGE, re.M)
    assert len(starred) >= 4
    for word in starred:
        assert re.search(rf"^  {word} ", aliases, re.M), word


def test_every_key_is_one():
    """section.key in a code span, with or without a value, is a row of the configuration; the value is in its bounds."""
    rows = {v["path"] for v in json.loads(tool.keel("config", "show", "--effective", "--json")[0])["values"]}
    sections = {path.split(".")[0] for path in rows}
    seen = set()
    for code, _ in spans(PAGE):
        found = re.fullmatch(r"((\w+)\.\w+)(?:: (.+))?", code)
        if not found or found[2] not in sections:
            continue
        seen.add(found[1])
        assert found[1] in rows, code
        if found[3]:
            tool.keel("config", "check", "--set", f"{found[1]}={found[3].strip('[]')}")
    assert len(seen) > 20
    variable = re.search(r"`(KEEL__\w+)`", PAGE).group(1)
    assert variable.lower().removeprefix("keel__").replace("__", ".") in rows


def test_metrics_and_options_exist(tmp_path):
    tool.keel("data", "synth", "--store", tmp_path / "s", "--symbols", "BTCUSDT", "--interval", "1h", "--days", "40")
    told = tool.keel_json("backtest", "run", "--store", tmp_path / "s", "--strategy", "ema_cross", "--symbols", "BTCUSDT",
                          "--timeframe", "1h")
    table = PAGE.split("\n## Metrics\n", 1)[1].split("\n## ", 1)[0]
    for row in re.findall(r"^\| (`.*?) \|", table, re.M):
        for name in re.findall(r"`(\w+)`", row):
            assert name in told["totals"] or "in the tables" in row, name
    assert told["definitions"] == "keel_stats_v1" or "keel_stats_v1" in json.dumps(told["definitions"])
    flags = {w for code, _ in spans(PAGE) for w in re.findall(r"^--[\w-]+", code)}
    known = set().union(*(options_of(words) for words in commands())) | {"--bar-time"}
    assert flags <= known, flags - known


def test_the_strategy_shown_is_the_one_in_the_tree():
    shown = re.search(r"```c\n(.*?)```", PAGE, re.S).group(1)
    assert shown.strip() in (ROOT / "src" / "pure" / "core" / "strategy" / "ema_cross.c").read_text()


def test_the_first_command_of_the_page_runs(tmp_path):
    """A Freqtrade user's words, as the page writes them."""
    tool.keel("data", "synth", "--store", tmp_path / "s", "--symbols", "BTCUSDT", "--interval", "1h", "--days", "40")
    code = next(code for code, _ in spans(PAGE) if code.startswith("keel backtesting"))
    out, err = tool.keel(*code.split()[1:], "--store", tmp_path / "s")
    assert out.startswith("ema_cross on BTCUSDT, 1h bars\n") and "keel backtest run" in err
