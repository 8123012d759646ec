"""Builds and runs items (items.h) of the pure rooms on host compilers, on OpenCL and, compile only, on CUDA."""
import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = Path(os.environ.get("KEEL_OUT", ROOT / "build-test")) / "device"
OUT.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("POCL_CACHE_DIR", str(OUT / "pocl"))
WORK = Path(tempfile.mkdtemp(dir=OUT))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)

ITEMS = re.findall(r"case \d+: keel_item_(\w+)\(", (HERE / "items.h").read_text())
WORDS = 5, 4  # of one item, in and out
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes",
            "-Wundef", "-Wvla", "-Wdouble-promotion", "-Werror"]
BASE = ["-std=c17", "-fno-math-errno", "-fno-strict-aliasing", "-D_POSIX_C_SOURCE=200809L",
        f"-I{ROOT}/src", f"-I{ROOT}/src/pure", f"-I{HERE}"]
HOSTS = {
    "gcc -O0": ["gcc", "-O0", "-ffp-contract=off"],
    "gcc -O2": ["gcc", "-O2", "-ffp-contract=off"],
    "gcc -O3 -march=native": ["gcc", "-O3", "-march=native", "-ffp-contract=off"],
    "clang -O0": ["clang", "-O0", "-ffp-contract=off"],
    "clang -O3 -march=native": ["clang", "-O3", "-march=native", "-ffp-contract=off"],
    "gcc sanitizers": ["gcc", "-O1", "-ffp-contract=off", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
}


def call(argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **more)
    assert done.returncode == 0, \
        f"{' '.join(map(str, argv))}\nexit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-6000:]}"
    return done


def inputs(item, count, seed):
    """count inputs of the item (None: of contract.h): integers from one bit to 63 of either sign, corners among them, and doubles of all kinds."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 2**64, size=(count, WORDS[0]), dtype=np.uint64)
    values = (raw.view(np.int64) >> rng.integers(0, 63, size=raw.shape)).view(np.uint64)
    corners = np.array([0, 1, 2**64 - 1, 2**63, 2**63 - 1, 10**8, 5 * 10**7, 10**16, 2**64 - 10**8], dtype=np.uint64)
    spots = rng.random(raw.shape) < 0.03
    values[spots] = rng.choice(corners, size=int(spots.sum()))
    # The last word is the bits of a double: half of them prices, half any pattern, specials included.
    price = np.exp(rng.normal(5, 6, count))
    values[:, -1] = np.where(rng.random(count) < 0.5, price.view(np.uint64), raw[:, -1])
    values[:, 0] = 0 if item is None else ITEMS.index(item)
    return values


@functools.lru_cache(maxsize=None)
def host_program(source, name, extra):
    """A program of one source file on host compiler `name`, made once; `extra` flags come last and so win."""
    target = WORK / f"host{host_program.cache_info().currsize}"
    call([*HOSTS[name], *BASE, "-Wno-unused-function", *extra, HERE / source, "-o", target, "-lm"])
    return target


@functools.lru_cache(maxsize=None)
def opencl_runner():
    target = WORK / "opencl_run"
    call(["gcc", "-std=c17", "-O1", *WARNINGS, HERE / "opencl_run.c", "-lOpenCL", "-o", target])
    return target


@functools.lru_cache(maxsize=None)
def flat(entry, file=None):
    """The OpenCL text of an entry file, whole; `file` stands in for its items_file.h."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        for part in (*HERE.glob("*.h"), HERE / entry):
            shutil.copy(part, folder)
        if file:
            shutil.copy(HERE / file, Path(folder) / "items_file.h")
        return call([ROOT / "script" / "flatten-pure", Path(folder) / entry]).stdout


def run_words(program, data, words, after=()):
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        source, target = Path(folder) / "in.bin", Path(folder) / "out.bin"
        data.tofile(source)
        call([*program, source, target, *after])
        return np.fromfile(target, dtype=np.uint64).reshape(len(data), words[1])


def run_opencl(text, data, words, *after):
    with tempfile.NamedTemporaryFile("w", dir=WORK, suffix=".cl") as source:
        source.write(text)
        source.flush()
        return run_words([opencl_runner(), source.name], data, words, [*words, *after])


def compile_ptx(source, *flags, fmad="false"):
    target = WORK / "out.ptx"
    call([nvcc(), "-x", "cu", "-std=c++17", f"-fmad={fmad}", "-prec-div=true", "-prec-sqrt=true", "-ptx",
          "-arch=compute_75", "-diag-suppress=177", f"-I{ROOT}/src", f"-I{ROOT}/src/pure", f"-I{HERE}", *flags,
          HERE / source, "-o", target])
    return target.read_text()


# ---- items: words in, words out, of items.h; or of contract.h

def host(name, data):
    return run_words([host_program("host_pure.c", name, ()), "items"], data, WORDS)


def host_contract(name, data, extra=()):
    return run_words([host_program("host_contract.c", name, tuple(extra))], data, WORDS)


def opencl(data, file="items.h", edit=lambda text: text, options="-cl-std=CL1.2"):
    return run_opencl(edit(flat("opencl_items.cl", file)), data, WORDS, options)


def ptx(file="items.h", fmad="false"):
    return compile_ptx("cuda_items.cu", f'-DITEMS_FILE="{file}"', fmad=fmad)


# ---- the known-answer lane: words (strategy, seed) in, (state hash, trades, final equity) out

LANE_WORDS = 2, 3
LANE_SCRATCH = 1 << 21  # bytes per run; lane_entry.h asserts that it is enough
LANE_LIMITS = ("-DKEEL_SYMBOLS_MAX=2", "-DKEEL_UNIVERSE_MAX=2")


def lane_host(name, data, extra=()):
    return run_words([host_program("host_pure.c", name, tuple(extra)), "lane"], data, LANE_WORDS)


def lane_opencl(data, edit=lambda text: text, options="-cl-std=CL1.2"):
    return run_opencl(edit(flat("opencl_lane.cl")), data, LANE_WORDS, " ".join((options, *LANE_LIMITS)), LANE_SCRATCH)


def lane_ptx():
    return compile_ptx("cuda_lane.cu", *LANE_LIMITS)


def nvcc():
    """The path of nvcc, or None."""
    for place in (os.environ.get("NVCC"), shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc"):
        if place and os.access(place, os.X_OK):
            return place
    return None


def differing(a, b):
    """How many items differ, and the first of them in words, for the message."""
    rows = np.flatnonzero((a != b).any(axis=1))
    if len(rows) == 0:
        return 0, "equal"
    i = rows[0]
    return len(rows), f"item {i}: {[hex(int(x)) for x in a[i]]} against {[hex(int(x)) for x in b[i]]}"


def processor_fuses():
    return re.search(r"^flags.*\bfma\b", Path("/proc/cpuinfo").read_text(), re.M) is not None
