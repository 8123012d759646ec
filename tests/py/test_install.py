"""The manual page, and what 'meson install' puts where."""
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import data_tool as tool
from test_completion import commands, options_of

ROOT = Path(os.environ.get("KEEL_ROOT", Path(__file__).resolve().parents[2]))


def run(*words, code=0, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("man") / "keel.1"
    path.write_text(tool.keel("man")[0])
    return path


def shown(page):
    """The page as a reader sees it: no bold, no hyphenation, one blank between words."""
    text = run("mandoc", "-Tascii", "-Owidth=1000", page).stdout
    return re.sub(r"[ \n]+", " ", re.sub(r".\x08", "", text))


def test_two_readers_find_nothing_to_say(page):
    """groff with all warnings, mandoc with all errors; the date is absent on purpose, so that builds repeat."""
    assert run("groff", "-man", "-ww", "-z", "-Tutf8", page).stderr == ""
    lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, timeout=60)
    told = [line for line in (lint.stdout + lint.stderr).splitlines() if "missing date" not in line]
    assert told == []


def test_the_page_has_every_verb_option_and_example(page):
    text = shown(page)
    for words in commands():
        section = text.split(f" keel {' '.join(words)} keel {' '.join(words)} ", 1)
        assert len(section) == 2, words
        for option in options_of(words):
            assert f" {option} " in section[1], (words, option)
        example = tool.keel(*words, "--help")[0].split("\nExample:\n", 1)[1].strip()
        assert re.sub(r"\s+", " ", example) in section[1], words
    for line in tool.keel("--help")[0].split("Exit codes:", 1)[1].split("\n\n")[0].replace("\n", " ").split(","):
        assert f" {line.split()[0]} " in text
    assert "KEEL_HOME" in text and "config.yaml" in text


def test_a_line_of_help_never_becomes_a_request(page):
    """Every request of the page is one that the generator writes."""
    requests = {line.split()[0] for line in page.read_text().splitlines() if line.startswith((".", "'"))}
    assert requests <= {".\\\"", ".TH", ".SH", ".SS", ".TP", ".PP", ".RS", ".RE", ".nf", ".fi", ".br", ".B", ".I", ".ad"}


def build_folder():
    for folder in Path(tool.program("KEEL_BIN_RELEASE")).resolve().parents:
        if (folder / "build.ninja").exists():
            return folder
    raise AssertionError("KEEL_BIN_RELEASE lies in no build folder")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Below DESTDIR as root of a package would be."""
    destination = tmp_path_factory.mktemp("destination")
    run("meson", "install", "--no-rebuild", "-C", build_folder(), env={**os.environ, "DESTDIR": str(destination)})
    return destination


def test_everything_lies_where_it_is_looked_for(installed):
    places = {p.relative_to(installed).as_posix().removeprefix("usr/").removeprefix("local/"): p
              for p in installed.rglob("*") if p.is_file()}
    assert {"bin/keel", "bin/keel-convert", "share/man/man1/keel.1", "share/bash-completion/completions/keel",
            "share/zsh/site-functions/_keel", "share/fish/vendor_completions.d/keel.fish", "share/systemd/user/keel-parity.service",
            "share/systemd/user/keel-parity.timer", "share/systemd/user/keel-paper.service"} <= set(places)
    started = places["share/systemd/user/keel-parity.service"].read_text()
    assert re.search(r"^ExecStart=/\S*/keel validate parity ", started, re.M) and "@" not in started
    for name in ("bin/keel", "bin/keel-convert"):
        assert stat.S_IMODE(places[name].stat().st_mode) & 0o111 == 0o111
    program = places["bin/keel"]
    assert places["share/man/man1/keel.1"].read_text() == run(program, "man").stdout
    for shell, name in (("bash", "bash-completion/completions/keel"), ("zsh", "zsh/site-functions/_keel"),
                        ("fish", "fish/vendor_completions.d/keel.fish")):
        assert places[f"share/{name}"].read_text() == run(program, "completion", shell).stdout


def test_the_installed_program_runs_a_backtest(installed, tmp_path):
    """Moved away from the build, with nothing of the checkout at hand: init, a market, a run."""
    program = tmp_path / "keel"
    shutil.copy2(next(installed.rglob("bin/keel")), program)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    run(program, "init", "home", cwd=tmp_path, env=env)
    home = tmp_path / "home"
    run(program, "data", "synth", "--symbols", "BTCUSDT", "--interval", "1h", "--days", "60", cwd=home, env=env)
    assert run(program, "backtest", "run", cwd=home, env=env).stdout.startswith("ema_cross on BTCUSDT, 1h bars\n")


def test_the_installed_converter_runs(installed):
    text = run(sys.executable, next(installed.rglob("bin/keel-convert")), "--help").stdout
    assert text.startswith("usage: keel-convert ")
