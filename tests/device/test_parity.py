"""One source gives one result, bit for bit: gcc, clang, every level, sanitizers, OpenCL [KRN-01] [KRN-08]."""
# time limit: 600 s
import hashlib
import re
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
