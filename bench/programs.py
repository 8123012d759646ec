"""Compiles the benchmark programs: what each is made of, in one place for script/bench and the tests.

usage: programs.py FOLDER FLAG...      the flags with which the build made src/pure (bench/flags.py)
"""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANE = ["src/kernel/builtin.c", "src/kernel/windows.c", "src/base/err.c", "src/pure/all.c"]
PROGRAMS = {
    "keel_bar": ["bench/keel_bar.c", *LANE],
    "keel_core": ["bench/keel_core.c", "bench/alloc_count.c", "src/pure/all.c"],
    "plain_bar": ["bench/plain_bar.c"],
    "measure": ["bench/measure.c"],
}
# What meson.build gives a release: instructions are pinned for these.
RELEASE = ["-std=c17", "-O3", "-g", "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=off", "-fno-math-errno",
           "-fno-strict-aliasing", "-fPIC", "-fno-semantic-interposition", "-Isrc", "-Isrc/pure"]


def build(folder, flags, names=tuple(PROGRAMS)):
    for name in names:
        subprocess.run(["gcc", *flags, "-o", str(Path(folder) / name), *PROGRAMS[name]], cwd=ROOT, check=True)


if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2:])
