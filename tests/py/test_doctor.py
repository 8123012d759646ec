"""keel doctor: a sound home is found sound, each planted defect is found and its remedy works."""
import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import time

import pytest

import data_tool as tool


def keel(folder, *words, path=None, **variables):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("KEEL_H", "KEEL__", "KEEL_CC", "OCL_"))}
    return subprocess.run([tool.program(), *map(str, words)], capture_output=True, text=True, timeout=120, cwd=folder,
                          env={**env, **({"PATH": path} if path is not None else {}), **variables})


def doctor(folder, *words, **variables):
    """name -> (status, found, remedy); the exit code agrees with the worst, whatever this machine's disk is like."""
    done = keel(folder, "doctor", "--json", *words, **variables)
    told = json.loads(done.stdout)
    assert (told["schema"], told["schema_version"]) == ("keel.doctor", 1)
    count = {s: sum(c["status"] == s for c in told["checks"]) for s in ("OK", "WARN", "FAIL")}
    assert (told["ok"], told["warn"], told["fail"]) == (count["OK"], count["WARN"], count["FAIL"])
    worst = "FAIL" if count["FAIL"] else "WARN" if count["WARN"] else "OK"
    assert told["status"] == worst
    bad = worst == "FAIL" or (worst == "WARN" and "--strict" in words)
    assert done.returncode == (1 if bad else 0), done.stderr
    assert (done.stderr == "") != bad
    for check in told["checks"]:
        assert check["found"] and (check["remedy"] is None) == (check["status"] == "OK"), check
    return {c["name"]: (c["status"], c["found"], c["remedy"]) for c in told["checks"]}


def sick(checks):
    """What is not OK, but for the disk, which is this machine's own affair."""
    return {name: status for name, (status, _, _) in checks.items() if status != "OK" and name != "disk"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    assert keel(folder, "init", "home").returncode == 0
    assert keel(folder / "home", "data", "synth", "--symbols", "BTCUSDT", "--interval", "1h", "--days", "90").returncode == 0
    return folder / "home"


@pytest.fixture
def home(sound, tmp_path):
    shutil.copytree(sound, tmp_path / "home")
    return tmp_path / "home"


def test_a_sound_home(sound):
    """Every check there is, all OK, from inside the home, below it, and by KEEL_HOME; nothing is left behind."""
    before = sorted(p.name for p in sound.rglob("*"))
    for folder, variables in ((sound, {}), (sound / "runs", {}), (sound.parent, {"KEEL_HOME": str(sound)})):
        checks = doctor(folder, "--deep", **variables)
        assert sick(checks) == {}
        assert set(checks) == {"program", "processor", "compiler", "cache", "clock", "opencl:0", "cuda", "home", "schema", "folders",
                               "config", "store", "store folder", "disk"}
        assert checks["processor"][1].split()[0] in ("portable", "avx2", "avx512")
        assert "2 series, 2430 rows, every one as it was written" in checks["store"][1]
    assert sorted(p.name for p in sound.rglob("*")) == before


def test_without_a_home_nothing_is_wrong(tmp_path, sound):
    checks = doctor(tmp_path)
    assert sick(checks) == {} and "not needed" in checks["home"][1] and "store" not in checks
    checks = doctor(tmp_path, "--store", sound / "data")
    assert sick(checks) == {} and "2 series" in checks["store"][1]


def test_the_text_says_the_same(home):
    (home / "secrets").chmod(0o755)
    done = keel(home, "doctor")
    lines = done.stdout.splitlines()
    at = lines.index("FAIL  folders      ./secrets is open to other users")
    assert lines[at + 1].strip() == "-> keel init --force, in the home, closes it; or chmod 700"
    assert lines[-1].endswith("FAIL") and lines[0].startswith("OK    program      keel ")
    assert done.stderr.startswith("keel: ") and done.stderr.count("\n") == 1 and done.returncode == 1


def test_folders_that_are_open_or_missing(home):
    """[T-413] [T-414] Journals and logs open to others warn, secrets fail; 'keel init --force' is the remedy and works."""
    (home / "journal").chmod(0o755)
    assert sick(doctor(home)) == {"folders": "WARN"}
    (home / "journal").chmod(0o700)
    (home / "logs").chmod(0o750)
    assert sick(doctor(home)) == {"folders": "WARN"}
    shutil.rmtree(home / "registry")
    (home / "secrets").chmod(0o711)
    assert sick(doctor(home)) == {"folders": "FAIL"}
    assert keel(home, "init", "--force").returncode == 0
    assert sick(doctor(home)) == {}
    key = home / "secrets" / "api-key"
    key.write_text("x")
    key.chmod(0o644)
    checks = doctor(home)
    assert sick(checks) == {"folders": "FAIL"} and "api-key" in checks["folders"][1]
    key.chmod(0o600)
    assert sick(doctor(home)) == {}
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700


def test_a_broken_configuration_and_an_old_schema(home):
    (home / "config.schema.json").write_text("{}\n")
    checks = doctor(home)
    assert sick(checks) == {"schema": "WARN"}
    assert checks["schema"][2] == "keel config schema > config.schema.json, in the home"
    (home / "config.schema.json").write_text(keel(home, "config", "schema").stdout)
    assert sick(doctor(home)) == {}
    (home / "config.yaml").write_text("run:\n  strategy: ema_cros\n")
    checks = doctor(home)
    assert checks["config"][0] == "FAIL" and "ema_cros" in checks["config"][1] and "ema_cross" in checks["config"][2]


def test_an_empty_store_says_how_to_fill_it(tmp_path):
    keel(tmp_path, "init", "home")
    checks = doctor(tmp_path / "home")
    assert sick(checks) == {"store": "WARN"} and "keel data synth" in checks["store"][2]
    assert doctor(tmp_path / "home", "--strict")["store"][0] == "WARN"


def test_a_damaged_store_is_found(home):
    """Rows that changed under the hash are found by --deep, a broken database always."""
    with contextlib.closing(sqlite3.connect(home / "data" / "store.db", isolation_level=None)) as db:
        kept, bytes_ = db.execute("SELECT id, bytes FROM partition ORDER BY id LIMIT 1").fetchone()
        other = db.execute("SELECT bytes FROM partition WHERE rows = (SELECT rows FROM partition WHERE id = ?) AND id <> ? "
                           "AND series_id = (SELECT series_id FROM partition WHERE id = ?)", (kept, kept, kept)).fetchone()
        db.execute("UPDATE partition SET bytes = ? WHERE id = ?", (other[0] if other else bytes_[:-9] + bytes(9), kept))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("PRAGMA page_size").fetchone()
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'partition'").fetchone()
    assert sick(doctor(home)) == {}
    checks = doctor(home, "--deep")
    assert sick(checks) == {"store": "FAIL"} and "damaged" in checks["store"][1]
    path = home / "data" / "store.db"
    content = bytearray(path.read_bytes())
    content[(root - 1) * page:root * page] = bytes(page)
    path.write_bytes(content)
    assert doctor(home)["store"][0] == "FAIL"
    path.write_bytes(b"no database at all, but long enough to have a header" * 100)
    assert doctor(home)["store"][0] == "FAIL"


def test_rows_later_than_the_clock_warn(home):
    future = int((time.time() + 30 * 86400) // 3600 * 3600 * 1000)
    csv = home / "a.csv"
    csv.write_text("ts_ms,open,high,low,close,volume\n" + "".join(
        f"{future + i * 3600000},1,2,0.5,1.5,1\n" for i in range(3)))
    done = keel(home, "data", "import", "a.csv", "--venue", "x-spot", "--symbol", "A", "--interval", "1h", "--now", "2099-01-01T00:00:00Z")
    assert done.returncode == 0, done.stderr
    assert sick(doctor(home)) == {"store clock": "WARN"}


def test_compilers(tmp_path):
    """None in PATH warns, since built-in strategies need none; a wrong KEEL_CC fails; a right one is named."""
    assert sick(doctor(tmp_path, path=str(tmp_path))) == {"compiler": "WARN"}
    assert sick(doctor(tmp_path, KEEL_CC="no-such-compiler")) == {"compiler": "FAIL"}
    fake = tmp_path / "mycc"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    assert str(fake) in doctor(tmp_path, KEEL_CC=str(fake))["compiler"][1]
    assert str(fake) not in doctor(tmp_path)["compiler"][1]


def test_the_place_of_compiled_strategies(tmp_path):
    cache = tmp_path / "cache"
    (cache / "keel").mkdir(parents=True)
    assert sick(doctor(tmp_path, XDG_CACHE_HOME=str(cache))) == {}
    (cache / "keel").chmod(0o777)
    checks = doctor(tmp_path, XDG_CACHE_HOME=str(cache))
    assert sick(checks) == {"cache": "WARN"} and "executed" in checks["cache"][1]
    assert sick(doctor(tmp_path, HOME="", XDG_CACHE_HOME="")) == {"cache": "WARN"}


def test_devices_are_optional(tmp_path):
    """[SWP-02.5] Without a driver nothing is missing; with one its devices are listed; a broken one harms nobody."""
    (tmp_path / "vendors").mkdir()
    assert "no driver; not needed" in doctor(tmp_path, OCL_ICD_VENDORS=str(tmp_path / "vendors"))["opencl"][1]
    (tmp_path / "vendors" / "some.icd").write_text("libsome.so\n")
    assert "no driver; not needed" in doctor(tmp_path, OCL_ICD_VENDORS=str(tmp_path / "vendors"))["opencl"][1]
    checks = doctor(tmp_path)
    assert checks["opencl:0"][0] == "OK" and "--device opencl:0" in checks["opencl:0"][1] and "opencl" not in checks


def test_a_driver_that_crashes_is_said(tmp_path):
    source, library = tmp_path / "bad.c", tmp_path / "libbad.so"
    source.write_text("#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", source, "-o", library], check=True)
    (tmp_path / "vendors").mkdir()
    (tmp_path / "vendors" / "bad.icd").write_text(f"{library}\n")
    checks = doctor(tmp_path, OCL_ICD_VENDORS=str(tmp_path / "vendors"))
    assert checks["opencl"][0] == "WARN" and "ends or stalls" in checks["opencl"][1]


@pytest.mark.skipif(os.geteuid() == 0, reason="not on this machine: a user whom the rights of a folder bind")
def test_a_home_that_cannot_be_written(home):
    home.chmod(0o555)
    try:
        assert doctor(home)["home"][0] == "FAIL"
    finally:
        home.chmod(0o755)


def test_a_home_that_is_none(tmp_path):
    checks = doctor(tmp_path, KEEL_HOME=str(tmp_path / "none"))
    assert checks["home"][0] == "FAIL" and "unset KEEL_HOME" in checks["home"][2]
