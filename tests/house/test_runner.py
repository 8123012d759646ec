"""The test command itself: what failed, hung, crashed, was skipped or never ran is counted as failed."""
import os
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "tests"))
from runner import kinds, process  # noqa: E402


@pytest.fixture
def context(tmp_path):
    """A tree of its own, with this run's Python where the runner looks for it."""
    root = tmp_path / "keel"
    for folder in ("tests/py", "tests/unit", "tests/house", "tests/device"):
        (root / folder).mkdir(parents=True)
    (root / "tests" / "pytest.ini").write_text((ROOT / "tests" / "pytest.ini").read_text())
    venv = root / "build-test" / "venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").write_text(f"#!/bin/sh\nexec {sys.executable} \"$@\"\n")
    (venv / "python").chmod(0o755)
    return kinds.Context(root, root / "build-test")


def run_python(context, text):
    source = context.root / "tests" / "py" / "test_planted.py"
    source.write_text(text)
    return kinds.Pytest(context, source).run()


@pytest.mark.parametrize("text, passed, failed, not_here", [
    ("def test_a(): pass\ndef test_b(): pass\n", 2, 0, 0),
    ("def test_a(): pass\ndef test_b(): assert 0\n", 1, 1, 0),
    ("import pytest\ndef test_a(): pytest.skip('no data')\n", 0, 1, 0),
    ("import pytest\ndef test_a(): pytest.skip('not on this machine: nvcc')\n", 0, 0, 1),
    ("import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0\n", 0, 1, 0),
    ("x = 1\n", 0, 1, 0),
    ("import nowhere_to_be_found\n", 0, 1, 0),
    ("import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\n", 0, 1, 0),
    ("import os\ndef test_a(): os.abort()\n", 0, 1, 0),
    ("# time limit: 1 s\nimport time\ndef test_a(): time.sleep(30)\n", 0, 1, 0),
])
def test_python_cases_are_counted(context, text, passed, failed, not_here):
    result = run_python(context, text)
    assert (result.passed, len(result.not_here)) == (passed, not_here)
    assert (result.failed > 0) == (failed > 0), result.log.read_text()


def test_shared_may_only_be_missed_where_it_is_missing(context):
    text = "import pytest\ndef test_a(): pytest.skip('shared/ is absent')\n"
    assert (run_python(context, text).failed, len(run_python(context, text).not_here)) == (0, 1)
    (context.root.parent / "shared").mkdir()
    beside = kinds.Context(context.root, context.out)
    assert (run_python(beside, text).failed, len(run_python(beside, text).not_here)) == (1, 0)


def run_unit(context, script, age_s=0):
    source = context.root / "tests" / "unit" / "planted.c"
    source.write_text("")
    program = context.out / "san" / "tests" / "unit_planted"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    os.utime(program, (time.time() - age_s, time.time() - age_s))
    os.utime(source, (time.time() - 5, time.time() - 5))
    return kinds.Unit(context, source, "san").run()


OK = "echo '[       OK ] one'\n"


@pytest.mark.parametrize("script, passed, failed", [
    (OK, 1, 0),
    (OK + "echo '[  FAILED  ] two'; exit 1\n", 1, 1),
    (OK + "exit 1\n", 1, 1),
    (OK + "echo '[  SKIPPED ] two'\n", 1, 1),
    (OK + "kill -SEGV $$\n", 1, 1),
    ("exit 0\n", 0, 1),
])
def test_unit_cases_are_counted(context, script, passed, failed):
    result = run_unit(context, script)
    assert (result.passed, result.failed) == (passed, failed)


def test_a_program_older_than_its_source_does_not_pass(context):
    assert run_unit(context, OK, age_s=60).failed == 1


def test_time_limit_ends_the_whole_group(tmp_path):
    """A child that a test started goes too."""
    status, seconds, text = process.run(
        ["sh", "-c", "sleep 50 & echo $!; wait"], tmp_path / "log", dict(os.environ), 1, tmp_path)
    assert status == 124 and seconds < 10 and "over the limit" in text
    child = Path("/proc") / text.split("\n")[1].strip() / "stat"
    deadline = time.monotonic() + 10
    while child.exists() and child.read_text().rsplit(")", 1)[1].split()[0] != "Z" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not child.exists() or child.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_the_longest_begin_first(context):
    """By their limits; the kinds, whose limits differ, keep their own order otherwise."""
    for folder, name, text in (("py", "b", ""), ("py", "a", ""), ("py", "slow", "# time limit: 600 s\n"),
                               ("house", "quick", "# time limit: 9 s\n")):
        (context.root / "tests" / folder / f"test_{name}.py").write_text(text)
    (context.root / "tests" / "unit" / "one.c").write_text("")
    found = [t.name for t in kinds.longest_first(kinds.find(context))]
    assert found == ["py/slow", "py/a", "py/b", "unit/one [san]", "unit/one [release]", "unit/one [clang]", "house/quick"]


def test_every_test_source_is_found():
    """No C or Python test lies where the runner does not look."""
    names = {t.source.relative_to(ROOT).as_posix() for t in kinds.find(kinds.Context(ROOT, ROOT / "build-test"))}
    for path in (ROOT / "tests").rglob("test_*.py"):
        assert path.relative_to(ROOT).as_posix() in names
    for path in (ROOT / "tests" / "unit").rglob("*.c"):
        assert path.relative_to(ROOT).as_posix() in names
