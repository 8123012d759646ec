"""Instructions per bar, counted by callgrind: a gate that does not depend on how busy or how fast a machine is.

usage: instructions.py          counts and compares with bench/instructions.json
       instructions.py --pin    writes what was counted there; the change then shows in the commit that made it

Counted is one run of bench/keel_bar.c over seeded candles, the run and not the reading of them: a process of two runs
less a process of one. keel_bar is built with the plain level of src/simd alone, whatever the processor has. Pinned per
compiler version, since each makes other code; without AVX2 the C library takes another path.
"""
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "bench" / "instructions.json"
BARS, SEED, INTERVAL_MS = 20_000, 1, 3_600_000
TOLERANCE = 0.02
WORDS = {name: ("12", "26", "1", "5", "0", "0", name) for name in ("ema_cross", "trend")}


def toolchain():
    """Compiler and processor kind that the counts hold for."""
    version = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    avx2 = "avx2" in Path("/proc/cpuinfo").read_text()
    return f"gcc {version} {platform.machine()}{'' if avx2 else ' without avx2'}"


def counted(program, candles, words, runs, out):
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", str(program), str(candles),
                           *words], input="run 1\n" * runs, capture_output=True, text=True, check=True)
    return int(done.stderr.split("Collected :")[1].split()[0])


def per_bar(program, folder):
    """{strategy: instructions per bar}"""
    import bar
    from agreement import candles as candles_of

    candles = Path(folder) / "instructions.bin"
    bar.write_columns(candles_of.walk(BARS, SEED, INTERVAL_MS), candles)
    out = Path(folder) / "callgrind.out"
    return {name: round((counted(program, candles, words, 2, out) - counted(program, candles, words, 1, out)) / BARS, 1)
            for name, words in WORDS.items()}


def pins():
    return json.loads(PINS.read_text())


def excess(counts, pinned):
    """A line for each strategy that needs more than it may."""
    return [f"{name}: {counts[name]} instructions per bar, pinned {pinned[name]}, {counts[name] / pinned[name] - 1:+.1%}: "
            "make it cheaper, or say in the commit why not and run bench/instructions.py --pin"
            for name in pinned if counts[name] > pinned[name] * (1 + TOLERANCE)]


def main(argv):
    import programs

    with tempfile.TemporaryDirectory(prefix="keel-bench-") as folder:
        programs.build(folder, programs.RELEASE, ("keel_bar",), programs.PLAIN)
        counts = per_bar(Path(folder) / "keel_bar", folder)
    here = toolchain()
    print(f"{here}: {counts}")
    if argv == ["--pin"]:
        PINS.write_text(json.dumps(pins() | {here: counts}, indent=1, sort_keys=True) + "\n")
        return 0
    if here not in pins():
        print(f"nothing is pinned for {here}")
        return 0
    lines = excess(counts, pins()[here])
    print("\n".join(lines) if lines else f"pinned {pins()[here]}: within {TOLERANCE:.0%}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
