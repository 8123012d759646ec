"""The pages about backtests tell the truth: what README prints is printed again, the tables of the strategies are those
of the program, and every test that a page names exists.

usage: test_backtest_docs.py --rewrite      puts what the program says now into the pages; the diff is the review
"""
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import test_tutorial

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
FILLS = ROOT / "docs/models/fills.md"
STRATEGIES = ROOT / "docs/models/strategies.md"
TABLE = re.compile(r"(<!-- strategy: (\w+) -->\n).*?(<!-- end -->\n)", re.S)
PRESETS = re.compile(r"(<!-- presets of plain strategies -->\n).*?(<!-- end -->\n)", re.S)


def show(name):
    done = subprocess.run([os.environ["KEEL_BIN"], "strategy", "show", name, "--json"], capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)


def names():
    done = subprocess.run([os.environ["KEEL_BIN"], "strategy", "list"], capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def preset_rows(presets):
    return "".join(f"| `{path}` | {value:g} |\n" for path, value in presets.items())


def parameter_table(document):
    if not document["parameters"]:
        return "No parameters of its own.\n"
    rows = "".join(f"| `{p['path']}` | {p['default']} | {p['minimum']} to {p['maximum']} {p['unit']} "
                   f"| {p['description']} |\n" for p in document["parameters"])
    return "| parameter | default | bounds | what it is |\n|---|---|---|---|\n" + rows


def render_strategies(text):
    plain = show("ema_cross")["presets"]

    def table(match):
        document = show(match[2])
        own = {path: value for path, value in document["presets"].items() if plain.get(path) != value}
        more = "\n| preset | value |\n|---|---|\n" + preset_rows(own) if own else ""
        return f"{match[1]}{parameter_table(document)}{more}{match[3]}"

    text = TABLE.sub(table, text)
    return PRESETS.sub(lambda m: f"{m[1]}| preset | value |\n|---|---|\n{preset_rows(plain)}{m[2]}", text)


def render_readme(text, folder):
    (folder / "bin").mkdir()
    (folder / "home").mkdir()
    (folder / "bin" / "keel").symlink_to(Path(os.environ["KEEL_BIN"]).resolve())
    env = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

    def again(match):
        done = subprocess.run(["bash", "-c", match["command"]], cwd=folder / "home", env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return (f"<!-- show: {match['show']} -->\n```console\n$ {match['command']}\n"
                f"{test_tutorial.excerpt(done.stdout, match['show'])}```\n")

    return test_tutorial.BLOCK.sub(again, text)


def assert_same(text, now):
    assert now == text, "\n".join(difflib.unified_diff(text.splitlines(), now.splitlines(), "docs", "now", lineterm=""))


def test_readme_prints_what_it_shows(tmp_path):
    """[BKT-02] Each command of README.md, in order; no recorded data needed."""
    text = README.read_text()
    assert text.count("```console") == len(test_tutorial.BLOCK.findall(text)) >= 5
    assert_same(text, render_readme(text, tmp_path))


def test_strategy_tables():
    """[STR-01] Every built-in strategy has its section, with the program's own parameters, defaults and presets."""
    text = STRATEGIES.read_text()
    assert [m[1] for m in TABLE.findall(text)] == names()
    assert_same(text, render_strategies(text))


def test_plain_presets_are_shared():
    """What the page says of plain strategies holds: the same presets, but for what a section lists on top."""
    plain = show("ema_cross")["presets"]
    for name in names():
        if name == "trend":
            assert show(name)["presets"] == {}
        else:
            assert plain.items() <= show(name)["presets"].items(), name


def test_named_tests_exist():
    """A rule of docs/models/fills.md is shown by the test that it names."""
    text = FILLS.read_text()
    named = re.findall(r"`(\w+): (\w+)`", text)
    assert len(named) > 25
    for file, function in named:
        path = ROOT / (f"tests/py/{file}.py" if file.startswith("test_") else f"tests/unit/{file}.c")
        assert re.search(rf"(def |static void ){function}\(", path.read_text()), f"{file}: {function}"
    for file in re.findall(r"`(\w+\.(?:c|py))`", text):
        assert (ROOT / "tests/unit" / file).exists() or (ROOT / "tests/py" / file).exists(), file


@pytest.mark.parametrize("page", [README, FILLS, STRATEGIES], ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


if __name__ == "__main__":
    if sys.argv[1:] != ["--rewrite"]:
        sys.exit(__doc__)
    STRATEGIES.write_text(render_strategies(STRATEGIES.read_text()))
    with tempfile.TemporaryDirectory() as scratch:
        README.write_text(render_readme(README.read_text(), Path(scratch)))
