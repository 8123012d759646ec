"""Long files are argued for, no path of somebody's machine stays in the tree, text is clean."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
LINES_MAX = 600
TEXT = {".c", ".h", ".def", ".inc", ".py", ".sh", ".md", ".cl", ".cu", ".build", ".txt", ".yml", ".yaml", ".json", ""}
# Written in pieces so that this file does not find itself.
MACHINE = re.compile("|".join(("/" + "work/", "/" + "farm/", "/" + "tmp/", "/" + "root/", "/" + r"home/\w",
                               "farm-" + "(?:studio|bench)", "/" + "Users/")))
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")


def text_files(root):
    for folder, names, files in os.walk(root):
        if Path(folder).relative_to(root).parts[:2] == ("fuzz", "corpus"):
            continue  # inputs, broken on purpose
        names[:] = sorted(n for n in names if not n.startswith((".git", "build", ".cache", "__pycache__", ".pytest")))
        for name in sorted(files):
            path = Path(folder) / name
            if path.suffix in TEXT and name not in ("LICENSE", ".git") and not path.is_symlink():
                yield path


def long_files(root):
    """Files over LINES_MAX that tests/house/long_files.txt ('PATH reason') does not argue for."""
    listing = root / "tests" / "house" / "long_files.txt"
    argued = {line.split(None, 1)[0] for line in listing.read_text().splitlines()
              if line.strip() and not line.startswith("#") and len(line.split(None, 1)) == 2} if listing.exists() else set()
    found = []
    for path in text_files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix in {".c", ".h", ".cu", ".cl", ".py"} and name not in argued:
            count = path.read_text(errors="replace").count("\n")
            if count > LINES_MAX:
                found.append(f"{name}: {count} lines: has one subject become two?")
    return found


def marks(root, pattern):
    found = []
    for path in text_files(root):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(root).as_posix()}:{number}: {line.strip()[:120]}")
    return found


def rough(root):
    """Trailing blanks, tabs in C, lines over 120 columns in C, a missing last newline."""
    found = []
    for path in text_files(root):
        text, name = path.read_text(errors="replace"), path.relative_to(root).as_posix()
        if text and not text.endswith("\n"):
            found.append(f"{name}: no newline at the end")
        if path.suffix not in {".c", ".h", ".cu", ".cl"}:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() or "\t" in line:
                found.append(f"{name}:{number}: a tab or trailing blank")
            if len(line) > 120:
                found.append(f"{name}:{number}: {len(line)} columns")
    return found


def test_no_long_file_without_a_reason():
    assert not long_files(ROOT), "\n".join(long_files(ROOT))


def test_no_machine_path_in_the_tree():
    assert not marks(ROOT, MACHINE), "\n".join(marks(ROOT, MACHINE))


def test_nothing_marked_unfinished():
    assert not marks(ROOT, UNFINISHED), "\n".join(marks(ROOT, UNFINISHED))


def test_text_is_clean():
    assert not rough(ROOT), "\n".join(rough(ROOT)[:40])


def test_planted_blemishes_are_caught(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "long.c").write_text("int a;\n" * (LINES_MAX + 1))
    (tmp_path / "src" / "path.c").write_text('open("/' + 'tmp/x");\n/* TO' + "DO later */\n")
    (tmp_path / "src" / "rough.c").write_text("int a; \n" + "x" * 121 + "\nlast")
    assert len(long_files(tmp_path)) == 1
    assert len(marks(tmp_path, MACHINE)) == 1
    assert len(marks(tmp_path, UNFINISHED)) == 1
    assert len(rough(tmp_path)) == 3
    listing = tmp_path / "tests" / "house"
    listing.mkdir(parents=True)
    (listing / "long_files.txt").write_text("src/long.c a table that is read as one\n")
    assert long_files(tmp_path) == []


def test_every_script_explains_itself():
    """Each script of script/ and .ci/ is executable and, with --help, says what it does and stops."""
    import subprocess
    scripts = [p for p in sorted((ROOT / "script").iterdir()) if p.is_file()]
    assert len(scripts) >= 3
    for script in scripts:
        assert os.access(script, os.X_OK), f"{script.name} is not executable"
        done = subprocess.run([script, "--help"], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and done.stdout.startswith("usage: script/" + script.name), script.name
        assert done.stderr == "", script.name
