"""The tutorial tells the truth: its commands are run again and must print what it shows.

usage: test_tutorial.py --rewrite      puts what the commands print now into docs/tutorial.md; the diff is the review

A block marked console holds one command after "$ " and what it printed. The comment before it says which lines are
shown: numbers (2-5), or "words"+N for N lines from the first line that has the words. Lines left out become "...".
"""
# time limit: 300 s

import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agreement import candles as candles_of

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"<!-- show: (?P<show>.*?) -->\n```console\n\$ (?P<command>(?:.*\\\n)*.*)\n"
                   r"(?P<output>(?:.*\n)*?)```\n")


def chosen(lines, show):
    """Indices of the lines that the directive asks for."""
    if show == "all":
        return list(range(len(lines)))
    wanted = set()
    for part in re.findall(r'"[^"]*"(?:\+\d+)?|\d+-\d+|\d+', show):
        if part.startswith('"'):
            words, count = part[1:].rsplit('"', 1)
            first = next((index for index, line in enumerate(lines) if words in line), None)
            if first is None:
                raise ValueError(f"no line has {words!r}")
            wanted |= set(range(first, first + int(count[1:] or 1) if count else first + 1))
        else:
            first, _, last = part.partition("-")
            wanted |= set(range(int(first) - 1, int(last or first)))
    return sorted(index for index in wanted if index < len(lines))


def excerpt(text, show):
    lines = [line.rstrip() for line in text.splitlines()]
    shown, before = [], -1
    for index in chosen(lines, show):
        if index != before + 1:
            shown.append("...")
        shown.append(lines[index])
        before = index
    if before < len(lines) - 1:
        shown.append("...")
    return "".join(line + "\n" for line in shown)


def environment(folder):
    """A folder as the tutorial describes it: keel on the path, the recorded data beside."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "keel").symlink_to(Path(os.environ["KEEL_BIN"]).resolve())
    (folder / "home").mkdir()
    (folder / "shared").mkdir()
    (folder / "shared" / "data").symlink_to(candles_of.shared_data())
    return folder / "home", {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


def render(text, folder):
    home, env = environment(folder)

    def run(match):
        done = subprocess.run(["bash", "-c", match["command"]], cwd=home, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        return (f"<!-- show: {match['show']} -->\n```console\n$ {match['command']}\n"
                f"{excerpt(done.stdout, match['show'])}```\n")

    return BLOCK.sub(run, text)


def test_tutorial_prints_what_it_shows(tmp_path):
    """[BKT-02] Each command of docs/tutorial.md, in order, on the recorded data."""
    if candles_of.shared_data() is None:
        pytest.skip("shared/ is absent")
    text = TUTORIAL.read_text()
    assert len(BLOCK.findall(text)) >= 10 and text.count("```console") == len(BLOCK.findall(text))
    now = render(text, tmp_path)
    assert now == text, "\n".join(difflib.unified_diff(text.splitlines(), now.splitlines(), "docs", "now", lineterm=""))


if __name__ == "__main__":
    if sys.argv[1:] != ["--rewrite"]:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        TUTORIAL.write_text(render(TUTORIAL.read_text(), Path(scratch)))
