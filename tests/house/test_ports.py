"""Rooms above the seams reach the machine through src/port and no other way [ENG-01.4]."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
ROOMS = ("journal", "engine")
# Headers of the system: files, clocks, signals, processes, sockets. Threads and the C library are not effects.
SYSTEM = re.compile(r"^\s*#\s*include\s*<((?:sys/|net|arpa/|linux/)[^>]*|(?:unistd|fcntl|dirent|time|signal|poll|sched|"
                    r"termios|pwd|grp|syslog|aio|mqueue|ftw|glob|spawn)\.h)>", re.M)
# Parts of stdio.h and stdlib.h that are effects: text into memory is not.
CALLS = re.compile(r"(?<![\w.>])(fopen|freopen|fdopen|tmpfile|remove|rename|system|popen|getenv|printf|puts|putchar|"
                   r"fprintf|fputs|fwrite|fread|exit|rand|srand)\s*\(")


def strip(text):
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def problems(root):
    found = []
    for room in ROOMS:
        for source in sorted((root / "src" / room).rglob("*.[ch]")):
            text, name = source.read_text(), source.relative_to(root).as_posix()
            found += [f"{name}: <{m[1]}>: reach it through src/port" for m in SYSTEM.finditer(text)]
            found += [f"{name}: {m[1]}(): reach it through src/port" for m in CALLS.finditer(strip(text))]
    return found


def test_rooms_above_the_seams_use_them():
    assert list((ROOT / "src" / "journal").glob("*.c"))
    assert not problems(ROOT), "\n".join(problems(ROOT))


def test_planted_effects_are_caught(tmp_path):
    folder = tmp_path / "src" / "journal"
    folder.mkdir(parents=True)
    (folder / "a.c").write_text("#include <unistd.h>\n#include <sys/stat.h>\n#include <time.h>\n#include <string.h>\n"
                                'int f(void) { return fs->rename(x, "exit(1)") + fopen("a", "r"); } /* system() */\n')
    assert len(problems(tmp_path)) == 4
