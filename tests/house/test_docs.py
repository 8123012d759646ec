"""What the pages name is there: links, and paths in backticks."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
LINK = re.compile(r"\]\(([^)\s]+)\)")
PLACE = re.compile(r"`((?:src|tests|docs|script|fuzz|bench|examples|include|\.ci)/[\w./-]*\w)`")


def pages(root):
    for page in sorted(root.rglob("*.md")):
        if not page.relative_to(root).parts[0].startswith(("build", ".")):
            yield page


def problems(root):
    found = []
    for page in pages(root):
        text = page.read_text()
        # A star after a room in ARCHITECTURE.md's map means: not yet.
        planned = set(re.findall(r"`([^`]+)` \*", text))
        name = page.relative_to(root).as_posix()
        for target in LINK.findall(text):
            path = target.split("#")[0]
            if path and not re.match(r"[a-z]+:", path) and not (page.parent / path).exists():
                found.append(f"{name}: link to {target}, which is not there")
        for place in PLACE.findall(text):
            if place not in planned and not (root / place).exists():
                found.append(f"{name}: names `{place}`, which is not there")
    return found


def test_pages_name_what_is_there():
    assert list(pages(ROOT))
    assert not problems(ROOT), "\n".join(problems(ROOT))


def test_planted_dead_names_are_caught(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("[b](b.md) [web](https://x.org) [here](a.md#top) `script/gone` `docs/a.md`\n")
    (tmp_path / "P.md").write_text("`src/port` *, `src/gone`\n")
    assert problems(tmp_path) == ["P.md: names `src/gone`, which is not there",
                                  "docs/a.md: link to b.md, which is not there",
                                  "docs/a.md: names `script/gone`, which is not there"]
