"""Compiles the benchmark programs: what each is made of, in one place for script/bench and the tests.

usage: programs.py FOLDER FLAG...      the flags with which the build made src/pure (bench/flags.py)
       programs.py journal NAME FOLDER FLAG...      one program of the suite `journal`
"""
import functools
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANE = ["src/kernel/builtin.c", "src/kernel/windows.c", "src/base/err.c", "src/simd/simd.c", "src/pure/all.c"]
PROGRAMS = {
    "keel_bar": ["bench/keel_bar.c", *LANE],
    "keel_core": ["bench/keel_core.c", "bench/alloc_count.c", "src/pure/all.c"],
    "plain_bar": ["bench/plain_bar.c"],
    "measure": ["bench/measure.c"],
}
# What meson.build gives a release: instructions are pinned for these.
RELEASE = ["-std=c17", "-O3", "-g", "-D_POSIX_C_SOURCE=200809L", "-ffp-contract=off", "-fno-math-errno",
           "-fno-trapping-math", "-fno-strict-aliasing", "-fPIC", "-fno-semantic-interposition", "-Isrc", "-Isrc/pure"]


# The levels of src/simd, as its meson.build compiles them.
LEVELS = {
    "portable": ["-DKEEL_SIMD_LANES=2"],
    "avx2": ["-mavx2", "-DKEEL_SIMD_LANES=4"],
    "avx512": ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mprefer-vector-width=256",
               "-DKEEL_SIMD_LANES=8"],
}
IND = ["bench/keel_ind.c", "bench/keel_ind_inline.c", "src/simd/simd.c", "src/simd/lanes.c", "src/pure/all.c"]


ALL = tuple(LEVELS) if platform.machine() == "x86_64" else ("portable",)
PLAIN = ("portable",)  # the same instructions on every processor: what is counted is built so


@functools.cache
def build_levels(folder, flags, levels):
    """Flags and objects for what links src/simd/simd.c: a whole build of the pure rooms per level, made once."""
    objects = []
    for level in levels:
        objects.append(str(Path(folder) / f"level_{level}.o"))
        subprocess.run(["gcc", *flags, *LEVELS[level], f"-DKEEL_SIMD_LEVEL={level}", "-fPIC", "-w", "-c", "-o", objects[-1],
                        "src/simd/level.c"], cwd=ROOT, check=True)
    return (["-DKEEL_SIMD_X86=1"] if levels != PLAIN else []) + objects


PURE = "src/pure/all.c"


@functools.cache
def build_pure(folder, flags):
    """The object of the pure rooms, made once: each of the programs links the same."""
    target = str(Path(folder) / "pure.o")
    subprocess.run(["gcc", *flags, "-fPIC", "-c", "-o", target, PURE], cwd=ROOT, check=True)
    return target


def parts(folder, flags, sources):
    return [build_pure(str(folder), tuple(flags)) if source == PURE else source for source in sources]


def build_library(folder, flags):
    """What the suite `ind` loads: libkeel_ind.so with every level that the compiler's machine has."""
    more = build_levels(str(folder), tuple(flags), ALL)
    subprocess.run(["gcc", *flags, "-fPIC", "-shared", "-Wl,-Bsymbolic-functions", "-o",
                    str(Path(folder) / "libkeel_ind.so"), *parts(folder, flags, IND), *more], cwd=ROOT, check=True)


def build(folder, flags, names=tuple(PROGRAMS), levels=ALL):
    for name in names:
        more = build_levels(str(folder), tuple(flags), levels) if "src/simd/simd.c" in PROGRAMS[name] else []
        subprocess.run(["gcc", *flags, "-o", str(Path(folder) / name), *parts(folder, flags, PROGRAMS[name]), *more],
                       cwd=ROOT, check=True)


# The suite `journal`: the journal with the machine's files, the engine over it, and one program per peer.
PORTS = ["src/port/clock.c", "src/port/entropy.c", "src/port/fs.c", "src/port/fs_real.c", "src/port/fs_real_job.c"]
BASE = [f"src/base/{name}.c" for name in ("decimal", "err", "json", "json_read", "json_tree", "nearest", "packed", "real",
                                          "sha256", "sha256_pieces", "strbuf", "tree", "tree_build", "utf8")]
JOURNAL = {
    "keel_journal": (["bench/journal/keel_journal.c", "src/journal/*.c", *PORTS, "src/base/err.c", "src/base/sha256*.c"],
                     ["-lcrypto", "-lpthread"]),
    "engine_replay": (["bench/journal/engine_replay.c", "src/engine/*.c", "src/edge/sim/venue.c", "src/journal/*.c", *PORTS,
                       *BASE, "src/pure/all.c"], ["-lcrypto", "-lpthread", "-lyajl", "-lm"]),
    "sqlite": (["bench/journal/sqlite.c"], ["-lsqlite3"]),
    "lmdb": (["bench/journal/lmdb.c"], ["-llmdb"]),
    "rocksdb": (["bench/journal/rocksdb.c"], ["-lrocksdb"]),
}


def build_journal(folder, flags, names):
    for name in names:
        sources, libraries = JOURNAL[name]
        files = [str(path) for source in sources for path in sorted(ROOT.glob(source))]
        subprocess.run(["gcc", *flags, "-D_FILE_OFFSET_BITS=64", "-Ibench/journal", "-o", str(Path(folder) / name), *files,
                        *libraries], cwd=ROOT, check=True)


if __name__ == "__main__" and sys.argv[1] == "journal":  # journal NAME FOLDER FLAG...
    build_journal(sys.argv[3], sys.argv[4:], [sys.argv[2]])
elif __name__ == "__main__":
    build(sys.argv[1], sys.argv[2:])
    build_library(sys.argv[1], sys.argv[2:])
