"""The units for the service manager: what they call is there, and they parse."""
import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))
UNITS = ROOT / "share" / "systemd"
KNOWN = {"Unit": {"Description", "StartLimitIntervalSec", "StartLimitBurst"},
         "Service": {"Type", "WorkingDirectory", "ExecStart", "Nice", "NoNewPrivileges", "UMask", "SuccessExitStatus", "Restart",
                     "RestartSec", "RestartPreventExitStatus"},
         "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"}, "Install": {"WantedBy"}}
NAMES = sorted(path.name for path in UNITS.iterdir())


def parsed(name):
    unit = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",))
    unit.optionxform = str
    unit.read_string((UNITS / name).read_text())
    return unit


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_parses(name):
    """Sections and keys are those of systemd.unit, systemd.service and systemd.timer."""
    unit = parsed(name)
    kind = name.removesuffix(".in").rpartition(".")[2]
    assert {"Unit", {"service": "Service", "timer": "Timer"}[kind]} <= set(unit.sections())
    for section in unit.sections():
        assert set(unit[section]) <= KNOWN[section], section
    if kind == "timer":
        assert name.removesuffix("timer") + "service.in" in NAMES
        assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-2]\d:[0-5]\d", unit["Timer"]["OnCalendar"])


@pytest.mark.parametrize("name", [name for name in NAMES if ".service" in name])
def test_what_a_unit_calls_is_there(name):
    """The verb and each of its flags; restarts only where a start can help."""
    unit = parsed(name)["Service"]
    program, *words = unit["ExecStart"].split()
    assert program == "@bindir@/keel"
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    said = page[page.index(f"## keel {words[0]} {words[1]}\n"):].split("\n## ")[0]
    for word in words[2:]:
        assert not word.startswith("--") or re.search(rf"^  {word} ", said, re.M), word
    if "Restart" in unit:
        assert unit["RestartPreventExitStatus"].split() == ["2", "3", "4", "6"] and int(unit["RestartSec"]) >= 5


def test_the_service_manager_takes_them(tmp_path):
    """Its own checker, where it is installed; the two tests above say the same of each key without it."""
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("not on this machine: systemd-analyze")
    (tmp_path / "keel").write_text("#!/bin/sh\n")
    (tmp_path / "keel").chmod(0o755)
    files = []
    for name in NAMES:
        files.append(tmp_path / name.removesuffix(".in"))
        files[-1].write_text((UNITS / name).read_text().replace("@bindir@", str(tmp_path)))
    done = subprocess.run([checker, "--user", "--man=no", "verify", *files], capture_output=True, text=True, timeout=60,
                          env=os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})
    about = [line for line in done.stderr.splitlines() if "keel" in line]
    assert done.returncode == 0 and about == [], done.stderr
