"""The command line: verbs, options, help, version, exit codes. One error is one line on stderr."""

import json
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

KEEL = os.environ["KEEL_BIN"]
ROOT = Path(__file__).resolve().parents[2]


def keel(*args, **kwargs):
    env = {k: v for k, v in os.environ.items() if not k.startswith("KEEL__")}
    env.update(kwargs.pop("env", {}))
    return subprocess.run([KEEL, *args], capture_output=True, text=True, timeout=60, env=env, **kwargs)


def verbs():
    """Every verb as help lists it: 'data import' or 'diff'."""
    section = keel("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
    found = [m.group(1) for m in re.finditer(r"^  (\S+(?: \S+)?)(?:  +|\n)", section, re.M)]
    assert "config show" in found
    return found


def one_line(result, code):
    lines = result.stderr.splitlines()
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert len(lines) == 1 and lines[0].startswith("keel: "), result.stderr
    assert lines[0].count(": ") >= 2
    return lines[0]


def test_a_configuration_named_without_its_option(tmp_path):
    """The line says how it is written; another word gets the usual one."""
    assert "write --config mine.yaml" in one_line(keel("config", "check", "mine.yaml", cwd=tmp_path), 2)
    assert "it wants no other words" in one_line(keel("config", "check", "other", cwd=tmp_path), 2)


def test_a_line_names_the_file_and_the_setting_and_no_secret(tmp_path):
    """[SEC-02] What is typed is said back, a path with a long name, too; not what is a secret by its name or form."""
    for path in ("downloads/spot/BTCUSDT-1h-2023-01-01.csv", "/no/such/place/BTCUSDT_UMCBL-1h-2023-01.json"):
        assert f": {path}: " in one_line(keel("report", path), 4)
    (tmp_path / "c.yaml").write_text("run:\n  symbols:\n    - a\n    - b: 1\n      c: 2\n      d: [x, y]\n")
    assert "[REDACTED]" not in one_line(keel("config", "check", "--config", tmp_path / "c.yaml"), 2)
    for typed, secret in (("api_key=hunter2", "hunter2"), ("a" * 31 + "f1", "a" * 31)):
        assert secret not in one_line(keel("report", typed), 4)


def test_version():
    """[OPS-03] Version, revision, compiler, flags and what the build can do, without the time at which it was made."""
    text = keel("--version")
    assert text.returncode == 0 and text.stdout.startswith("keel ")
    told = json.loads(keel("--version", "--json").stdout)
    assert list(told)[:2] == ["schema", "schema_version"]
    for key in ("version", "revision", "compiler", "flags", "build"):
        assert told[key]
    assert "-ffp-contract=off" in told["flags"]
    assert told["version"] in told["build"] and told["revision"] in told["build"]
    features = told["features"]
    assert features["devices"] == ["cpu", "opencl", "cuda"]
    assert features["simd_levels"][0] == "portable" and features["simd"] == features["simd_levels"][-1]
    assert f"features: vectors {features['simd']} (of {', '.join(features['simd_levels'])}); devices cpu, opencl, cuda" in text.stdout
    assert re.search(r"\b20\d\d-|:\d\d:\d\d", text.stdout) is None


def test_help_of_everything_fits_100_columns_and_has_an_example():
    pages = [["--help"], ["help"]]
    for verb in verbs():
        pages += [[*verb.split(), "--help"], ["--help", *verb.split()], [verb.split()[0], "--help"]]
    for page in pages:
        result = keel(*page)
        assert result.returncode == 0 and result.stderr == "", page
        assert max(len(line) for line in result.stdout.splitlines()) <= 100, page
        assert "Example:\n  keel " in result.stdout, page


def test_every_verb_file_is_in_the_help():
    lines = (ROOT / "src/app/cli/verbs.def").read_text().splitlines()
    listed = [re.match(r"KEEL_VERB\((\w+)\)", line).group(1) for line in lines if line.startswith("KEEL_VERB(")]
    assert sorted(listed) == sorted(v.replace(" ", "_").replace("-", "_") for v in verbs())


@pytest.mark.parametrize(
    "args, names",
    [
        (["confg", "show"], "'config'"),
        (["config", "shwo"], "'show'"),
        (["config", "show", "--efective"], "'--effective'"),
        (["config", "show", "--taker-fee", "1"], "'--taker-fee-bps'"),
        (["strategy", "list", "--jsn"], "'--json'"),
    ],
)
def test_unknown_names_tell_the_nearest(args, names):
    assert names in one_line(keel(*args), 2)


def test_a_far_word_has_no_nearest_and_a_planned_one_is_said_to_be_planned():
    assert "nearest" not in one_line(keel("plot-everything"), 2)
    assert "'download-data' is not there yet" in one_line(keel("download-data", "--days", "3"), 2)


@pytest.mark.parametrize(
    "args",
    [
        ["config"],
        ["config", "show", "extra"],
        ["config", "show", "--leverage"],
        ["config", "show", "--leverage", "--effective"],
        ["config", "show", "--effective=yes"],
        ["config", "show", "--leverage", "1", "--leverage", "2"],
        ["config", "show", "--set", "novalue"],
        ["config", "show", "--set", "=5"],
        ["strategy", "show"],
        ["config", "show", "-x"],
        ["config", "show", "--timerange", "2024-13-01.."],
        ["config", "show", "--config", "a\nb.yaml\x1b[31m"],
    ],
)
def test_misuse_is_one_line(args):
    result = keel(*args)
    one_line(result, 4 if "--config" in args else 2)
    assert "\x1b" not in result.stderr


def test_no_arguments_show_help_and_fail():
    result = keel()
    assert result.returncode == 2 and result.stdout == "" and "Usage: keel" in result.stderr


def test_values_may_start_with_a_dash_and_follow_an_equals_sign():
    for args in (["--maker-fee-bps", "-0.5"], ["--maker-fee-bps=-0.5"]):
        values = json.loads(keel("config", "show", "--json", *args).stdout)["values"]
        assert [v["value"] for v in values if v["path"] == "account.maker_fee_bps"] == [-0.5]
    result = keel("config", "show", "--timerange", "-20240601")
    assert "..2024" not in result.stderr and result.returncode == 0


def test_words_of_freqtrade_print_keels_form_once():
    result = keel("list-strategies")
    assert result.returncode == 0
    assert result.stderr == "keel: 'list-strategies' is 'keel strategy list' here\n"
    assert result.stdout == keel("strategy", "list").stdout
    shown = keel("show-config", "-s", "ema_cross", "-p", "A,B", "-i", "1h", "--dry-run-wallet", "500")
    assert shown.returncode == 0, shown.stderr
    assert 'strategy: "ema_cross"' in shown.stdout and 'symbols: ["A","B"]' in shown.stdout
    assert "timeframe: 1h" in shown.stdout and "starting_balance_usd: 500" in shown.stdout


def test_a_full_disk_is_an_error():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [KEEL, "config", "schema"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert result.returncode == 1
    assert result.stderr.startswith("keel: cannot write: standard output")


def start_long_synth(store):
    return subprocess.Popen(
        [
            KEEL,
            "data",
            "synth",
            "--store",
            str(store),
            "--symbols",
            "A,B,C,D,E,F,G,H",
            "--interval",
            "1m",
            "--days",
            "300",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_130(tmp_path, number):
    """The first signal asks: the verb stops at a safe place and says that it can go on."""
    process = start_long_synth(tmp_path / "s")
    try:
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert len(err.splitlines()) == 1 and err.startswith("keel: ")


def test_reports_are_one_json_document():
    for args in (["config", "show"], ["config", "check"], ["strategy", "list"], ["strategy", "show", "trend"]):
        result = keel(*args, "--json")
        assert result.returncode == 0 and result.stderr == ""
        assert list(json.loads(result.stdout))[:2] == ["schema", "schema_version"]


@pytest.fixture
def candles(tmp_path):
    """A candle file from the synthetic market, to import."""
    store, file = tmp_path / "from", tmp_path / "c.csv"
    assert (
        keel("data", "synth", "--store", str(store), "--symbols", "A", "--interval", "1h", "--days", "30").returncode
        == 0
    )
    shown = keel(
        "data", "export", "--store", str(store), "--venue", "synth-perp", "--symbol", "A", "--interval", "1h"
    )
    file.write_text(shown.stdout)
    return [
        "data",
        "import",
        str(file),
        "--store",
        str(tmp_path / "to"),
        "--venue",
        "v-perp",
        "--symbol",
        "A",
        "--interval",
        "1h",
    ]


def test_progress_is_silent_without_a_terminal_unless_asked_for(candles):
    assert keel(*candles).stderr == ""
    told = keel(*candles, "--progress")
    assert told.returncode == 0
    assert re.search(r": \d+( of \d+)? \S+, \d+/s", told.stderr), told.stderr
    assert "\r" not in told.stderr


def test_progress_shows_itself_on_a_terminal(candles):
    ours, theirs = pty.openpty()
    result = subprocess.run([KEEL, *candles], stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:
        pass  # the terminal is gone once its other end is closed and read empty
    os.close(ours)
    assert result.returncode == 0
    assert re.search(rb"\r.*: \d+.*/s", text), text
    assert text.endswith(b"\n")
