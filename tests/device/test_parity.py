"""One source gives one result, bit for bit: gcc, clang, every level, sanitizers, OpenCL [KRN-01] [KRN-08].

Items on random inputs, and the known-answer lane: every built-in strategy over a whole run, one state hash everywhere [T-024].
Its answers stand in lane_answers.txt; a change of them is a change of what keel computes and says so in its commit.
One file, since both run the same programs, and compiling them is most of the time."""
# time limit: 600 s
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lanes  # noqa: E402

SEED = 20_250_711
# How many random inputs each item is tried on.
COUNTS = {"num": 100_000, "elementary": 50_000, "ledger": 4_000, "signal": 2_000}
OPENCL = ["-cl-std=CL1.2", "-cl-std=CL1.2 -cl-mad-enable"]


@pytest.fixture(scope="module")
def reference():
    """The plainest build is what the others are held against."""
    made = {}

    def of(item):
        if item not in made:
            data = lanes.inputs(item, COUNTS[item], SEED)
            made[item] = data, lanes.host("gcc -O0", data)
        return made[item]
    return of


def check(reference, item, result, who):
    count, first = lanes.differing(reference(item)[1], result)
    print(f"{item}: {who}: sha256 {hashlib.sha256(result.tobytes()).hexdigest()[:16]}")
    assert count == 0, f"seed {SEED}: {who}: {count} of {len(result)} items differ from gcc -O0; {first}"


@pytest.mark.parametrize("item", lanes.ITEMS)
@pytest.mark.parametrize("name", [n for n in lanes.HOSTS if n != "gcc -O0"])
def test_host_builds_agree(reference, item, name):
    check(reference, item, lanes.host(name, reference(item)[0]), name)


@pytest.mark.parametrize("item", lanes.ITEMS)
@pytest.mark.parametrize("options", OPENCL)
def test_opencl_agrees(reference, item, options):
    check(reference, item, lanes.opencl(reference(item)[0], options=options), f"OpenCL {options}")


@pytest.mark.parametrize("item", lanes.ITEMS)
def test_another_input_gives_another_result(reference, item):
    """An item that ignored its input would agree with itself everywhere."""
    other = lanes.host("gcc -O2", lanes.inputs(item, COUNTS[item], SEED + 1))
    first = reference(item)[1]
    changed = (first[:, 0] != other[:, 0]).mean()
    assert changed > 0.5


def test_ledger_item_reaches_what_it_should(reference):
    """Some calls are refused, most are booked, and the books balance every time."""
    result = reference("ledger")[1]
    assert (result[:, 3] == 1).all()
    refused = result[:, 1].sum() / (60 * len(result))
    assert 0.05 < refused < 0.9


def test_signal_item_reaches_every_kind(reference):
    """Each kind becomes ready on some bar."""
    data, result = reference("signal")
    kinds = len(re.findall(r'^    X\([A-Z_]+, "[a-z_]+", (?:SERIES|BAR),',
                           (lanes.ROOT / "src/pure/core/signal/kinds.h").read_text(), re.M))
    never = [k for k in range(kinds) if result[data[:, 1] % np.uint64(kinds) == k, 1].max(initial=0) == 0]
    assert kinds > 30 and never == []


# ---- the known-answer lane

STRATEGIES = re.findall(r"^    X\([A-Z_]+, (\w+)\)", (lanes.ROOT / "src/pure/core/strategy/strategy.h").read_text(), re.M)
SEEDS = [1, 7, 20_250_711]
RUNS = np.array([(s, seed) for s in range(len(STRATEGIES)) for seed in SEEDS], dtype=np.uint64)


def as_text(result):
    return "".join(f"{STRATEGIES[int(s)]} {int(seed)} {int(h):016x} {int(t)} {int(f)}\n"
                   for (s, seed), (h, t, f) in zip(RUNS, result))


@pytest.fixture(scope="module")
def plain():
    return lanes.lane_host("gcc -O0", RUNS)


def test_answers_are_the_known_ones(plain):
    assert as_text(plain) == (lanes.HERE / "lane_answers.txt").read_text()


def test_runs_are_worth_comparing(plain):
    """None faulted, the seeds differ, and the strategies trade."""
    assert (plain[:, 0] != 0).all()
    assert len(set(plain[:, 0].tolist())) >= len(RUNS) - len(SEEDS)  # no_trade only differs by its prices
    trades = dict(zip(STRATEGIES, plain[:, 1].reshape(len(STRATEGIES), -1).sum(axis=1).tolist()))
    assert trades.pop("no_trade") == 0 and min(trades.values()) > 0


@pytest.mark.parametrize("name", [n for n in lanes.HOSTS if n != "gcc -O0"])
def test_lane_of_host_builds_agrees(plain, name):
    assert as_text(lanes.lane_host(name, RUNS)) == as_text(plain)


def test_lane_of_opencl_agrees(plain):
    assert as_text(lanes.lane_opencl(RUNS)) == as_text(plain)


def test_contraction_is_caught(plain):
    """The alarm works: the same lane with contraction on gives other hashes somewhere."""
    if not lanes.processor_fuses():
        pytest.skip("not on this machine: fused operations")
    fused = lanes.lane_host("gcc -O3 -march=native", RUNS, extra=["-ffp-contract=fast"])
    assert as_text(fused) != as_text(plain)


def broken(text):
    right, wrong = "(2 * rem + odd > c)", "(2 * rem + odd > c + c / 5)"
    assert right in text
    return text.replace(right, wrong)


def test_a_broken_device_function_is_caught(plain):
    """One wrong rounding in the device text must show."""
    wrong = lanes.lane_opencl(RUNS[:6], edit=broken)
    assert (wrong[:, 0] != plain[:6, 0]).any()


@pytest.mark.skipif(lanes.nvcc() is None, reason="not on this machine: nvcc")
def test_cuda_lane_has_no_fused_operation():
    text = lanes.lane_ptx()
    assert ".visible .entry keel_test_kernel" in text
    assert re.findall(r"\bfma\.\w+\.f(?:32|64)", text) == []
    assert not re.search(r"\b(?:div|sqrt)\.(?:approx|full)", text)


@pytest.mark.skipif(lanes.nvcc() is None, reason="not on this machine: nvcc")
def test_gpu_agrees():
    """On a GPU when there is one; else the check still builds both sides and holds the host against the file."""
    done = subprocess.run([lanes.ROOT / "script/gpu-check", "4"], capture_output=True, text=True)
    assert "host:" in done.stdout and done.returncode in (0, 4), done.stdout + done.stderr
    if done.returncode == 4:
        assert "no device" in done.stderr
        pytest.skip("not on this machine: GPU")
