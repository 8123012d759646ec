"""The control of the parity check: fused multiply-adds change results, and the check sees it [KRN-01]."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lanes  # noqa: E402

COUNT = 100_000
no_fma = pytest.mark.skipif(not lanes.processor_fuses(), reason="not on this machine: a processor with fused multiply-add")


@pytest.fixture(scope="module")
def plain():
    data = lanes.inputs(None, COUNT, seed=7)
    return data, on_host("gcc -O0", data)


def on_host(name, data, extra=()):
    return lanes.host_contract(name, data, extra)


def test_off_is_off_everywhere(plain):
    data, expected = plain
    for name in lanes.HOSTS:
        assert lanes.differing(expected, on_host(name, data))[0] == 0, name
    assert lanes.differing(expected, lanes.opencl(data, file="contract.h"))[0] == 0


@no_fma
@pytest.mark.parametrize("name", ["gcc -O3 -march=native", "clang -O3 -march=native"])
def test_host_contraction_is_caught(plain, name):
    data, expected = plain
    count, _ = lanes.differing(expected, on_host(name, data, ["-ffp-contract=fast"]))
    assert count > COUNT // 100


@no_fma
def test_opencl_contraction_is_caught(plain):
    data, expected = plain

    def allow(text):
        assert text.count("#pragma OPENCL FP_CONTRACT OFF") == 1
        return text.replace("#pragma OPENCL FP_CONTRACT OFF", "#pragma OPENCL FP_CONTRACT ON")
    count, _ = lanes.differing(expected, lanes.opencl(data, file="contract.h", edit=allow))
    assert count > COUNT // 100
