"""Sobol's sequence against scipy's, bit for bit."""
import ctypes
import pathlib
import subprocess

import numpy as np
import pytest
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lib(tmp_path_factory):
    out = tmp_path_factory.mktemp("sobol") / "lib.so"
    subprocess.run(["cc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-O2", "-shared", "-fPIC", "-w", f"-I{ROOT}/src",
                    str(ROOT / "src/research/sweep/sobol.c"), str(ROOT / "src/base/err.c"), "-o", str(out)], check=True)
    library = ctypes.CDLL(str(out))
    library.keel_sobol_bits.restype = ctypes.c_uint32
    library.keel_sobol_bits.argtypes = [ctypes.c_uint64, ctypes.c_int32]
    library.keel_sobol_unit.restype = ctypes.c_double
    library.keel_sobol_unit.argtypes = [ctypes.c_uint64, ctypes.c_uint64, ctypes.c_int32]
    return library


def test_first_points_as_printed(lib):
    """[SWP-01.1] The first points of S. Joe, F. Y. Kuo, Notes on generating Sobol sequences, 2008 (Gray code order)."""
    printed = [(0, 0, 0), (.5, .5, .5), (.75, .25, .25), (.25, .75, .75), (.375, .375, .625), (.875, .875, .125),
               (.625, .125, .875), (.125, .625, .375), (.1875, .3125, .9375), (.6875, .8125, .4375)]
    for i, point in enumerate(printed):
        assert [lib.keel_sobol_unit(0, i, d) for d in range(3)] == list(point)


def test_every_dimension_is_scipys(lib):
    """[SWP-01.1] 512 points of 64 dimensions, and some far ones."""
    reference = scipy.stats.qmc.Sobol(d=64, scramble=False, bits=32)
    points = (reference.random(512) * 2.0 ** 32).astype(np.uint64)
    for d in range(64):
        assert [lib.keel_sobol_bits(i, d) for i in range(512)] == points[:, d].tolist(), d
    reference.fast_forward(1_000_000 - 512)
    far = (reference.random(8) * 2.0 ** 32).astype(np.uint64)
    for d in range(64):
        assert [lib.keel_sobol_bits(1_000_000 + i, d) for i in range(8)] == far[:, d].tolist(), d


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_a_shift_keeps_the_net(lib, seed):
    """Of the first 256 points every interval of 1/256 has one, in every dimension, shifted or not."""
    for d in (0, 1, 5, 63):
        cells = sorted(int(lib.keel_sobol_unit(seed, i, d) * 256) for i in range(256))
        assert cells == list(range(256))
