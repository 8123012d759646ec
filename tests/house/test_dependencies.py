"""Every dependency of the build, the scripts and the tests has its reason in docs/dependencies.md; the map is true."""
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
# What any C toolchain has is no choice of ours.
PLAIN = {"m", "dl", "ca-certificates"}


def build_dependencies(text):
    return set(re.findall(r"(?:dependency|find_library)\(\s*'([^']+)'", text)) - PLAIN


def unexplained(names, page):
    return sorted(n for n in names if not re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", page, re.I))


def page():
    return (ROOT / "docs" / "dependencies.md").read_text()


def test_libraries_have_a_reason():
    names = set()
    for build in ROOT.rglob("meson.build"):
        if not build.relative_to(ROOT).parts[0].startswith("build"):
            names |= build_dependencies(build.read_text())
    assert names
    assert unexplained(names, page()) == []


def test_packages_have_a_reason():
    listed = subprocess.run([ROOT / "script" / "setup", "test", "--list"], capture_output=True, text=True, check=True)
    assert unexplained(set(listed.stdout.split()) - PLAIN, page()) == []


def test_an_unexplained_dependency_is_caught():
    assert build_dependencies("x = dependency('gsl')\ny = cc.find_library('m')") == {"gsl"}
    assert unexplained({"gsl", "sqlite3"}, page()) == ["gsl"]


def test_python_references_are_pinned_and_named():
    lines = [l for l in (ROOT / "tests" / "requirements.txt").read_text().splitlines() if l and not l.startswith("#")]
    assert lines and all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", l) for l in lines)
    for direct in ("numpy", "pandas", "pytest", "scipy", "TA-Lib", "backtesting", "vectorbt"):
        assert any(l.lower().startswith(direct.lower() + "==") for l in lines), direct
        assert unexplained({direct}, page()) == []


def test_rooms_of_the_map_stand_in_the_tree():
    section = (ROOT / "ARCHITECTURE.md").read_text().split("## The map", 1)[1].split("\n## ", 1)[0]
    for row in re.findall(r"^\| (`src/.*?) \|", section, re.M):
        for room, star in re.findall(r"`(src/[\w/]+)`( \*)?", row):
            assert (ROOT / room).is_dir() != bool(star), f"{room}: the map and the tree disagree"
