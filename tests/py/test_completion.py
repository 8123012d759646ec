"""keel completion: the scripts work in a real bash, zsh and fish, and offer what the help says."""
import os
import re
import subprocess

import pexpect
import pytest

import data_tool as tool


def run(*words, cwd=None, text=None):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=cwd, input=text)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def script(shell):
    return tool.keel("completion", shell)[0]


def commands():
    """Every verb, by its words, from the help."""
    section = tool.keel("--help")[0].split("Commands:\n")[1].split("\n\n")[0]
    return [m.group(1).split() for m in re.finditer(r"^  (\S+(?: \S+)?)(?:  +|\n)", section, re.M)]


def options_of(words):
    """The options that the help of a verb lists: name -> takes a value."""
    text = tool.keel(*words, "--help")[0].split("Options:\n", 1)[1].split("\n\n")[0]
    return {m.group(1): bool(m.group(2)) for m in re.finditer(r"^  (--[\w-]+)( \S+)?", text, re.M)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("here")
    for shell in ("bash", "zsh", "fish"):
        (place / f"keel.{shell}").write_text(script(shell))
    work = place / "work"
    (work / "some folder").mkdir(parents=True)
    for name in ("config.yaml", "a b.csv", "mine.c"):
        (work / name).write_text("")
    return place


# ---- bash: the function is called as readline calls it

def bash(folder, *words):
    quoted = " ".join("'" + w.replace("'", "'\\''") + "'" for w in words)
    return run("bash", "--norc", "-c", f"source ../keel.bash; COMP_WORDS=(keel {quoted}); "
               f"COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _keel; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
               cwd=folder / "work").splitlines()


def fish(folder, *words):
    line = " ".join(["keel", *words])
    out = run("fish", "--no-config", "-c", f"source ../keel.fish; complete -C'{line}'", cwd=folder / "work")
    return [entry.split("\t")[0] for entry in out.splitlines()]


OFFERS = [bash, fish]


@pytest.mark.parametrize("offers", OFFERS, ids=["bash", "fish"])
def test_nouns_verbs_and_all_options(folder, offers):
    """First word: every noun; second: its verbs; then every option of the help, in each verb."""
    nouns = {words[0] for words in commands()}
    assert nouns | {"--help", "--version"} == set(offers(folder, "")) - {""}
    assert offers(folder, "back") == ["backtest"]
    for noun in ("data", "config", "strategy"):
        verbs = {words[1] for words in commands() if words[0] == noun}
        assert verbs == set(offers(folder, noun, "")) - {"--help"}
    for words in commands():
        assert set(options_of(words)) == set(offers(folder, *words, "--")), words


@pytest.mark.parametrize("offers", OFFERS, ids=["bash", "fish"])
def test_values(folder, offers):
    """Files, folders, strategies, intervals and choices stand where they belong; a number has none to offer."""
    strategies = {line.split()[0] for line in tool.keel("strategy", "list")[0].splitlines()}
    assert strategies | {"mine.c"} <= set(offers(folder, "backtest", "run", "--strategy", ""))
    assert "ema_cross" in offers(folder, "backtest", "run", "--strategy", "ema")
    assert {"1h", "5m", "1d"} <= set(offers(folder, "backtest", "run", "--timeframe", ""))
    assert [w.rstrip("/") for w in offers(folder, "data", "list", "--store", "so")] in (["some folder"], [r"some\ folder"])
    assert "config.yaml" in offers(folder, "config", "check", "--config", "con")
    assert "rsi" in offers(folder, "indicator", "rs")
    assert "ema_cross" in offers(folder, "strategy", "show", "")
    assert {"bash", "zsh", "fish"} <= set(offers(folder, "completion", ""))
    assert [w for w in offers(folder, "backtest", "run", "--leverage", "") if w] == []


@pytest.mark.parametrize("offers", OFFERS, ids=["bash", "fish"])
def test_words_of_freqtrade_take_the_options_of_keel(folder, offers):
    assert set(options_of(["backtest", "run"])) == set(offers(folder, "backtesting", "--"))


def test_bash_takes_a_value_after_an_equals_sign(folder):
    """Readline cuts --name=value into three words."""
    assert "ema_cross" in bash(folder, "backtest", "run", "--strategy", "=", "ema")
    assert "ema_cross" in bash(folder, "backtest", "run", "--strategy", "=")
    assert bash(folder, "data", "import", "a") == ["a b.csv"]


def test_bash_on_a_terminal(folder):
    """Typed at a prompt: tab completes noun, verb, option, strategy and a file with a blank in its name."""
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], cwd=str(folder / "work"), timeout=30, encoding="utf-8",
                          env={**os.environ, "PS1": "$ ", "TERM": "dumb", "INPUTRC": "/dev/null"})
    try:
        shell.sendline("source ../keel.bash; keel() { printf '<%s>' \"$@\"; echo; }; bind 'set bell-style none'; echo rea''dy")
        shell.expect("ready\r\n")
        shell.sendline("keel ba\tr\t--strategy ema\t--json")
        shell.expect_exact("<backtest><run><--strategy><ema_cross><--json>")
        shell.sendline("keel data imp\ta\t")
        shell.expect_exact("<data><import><a b.csv>")
    finally:
        shell.close(force=True)


def test_zsh_on_a_terminal(folder):
    """The same in zsh, from a folder of $fpath as installed."""
    functions = folder / "functions"
    functions.mkdir()
    (functions / "_keel").write_text(script("zsh"))
    run("zsh", "-n", folder / "keel.zsh")
    shell = pexpect.spawn("zsh", ["-f", "-i"], cwd=str(folder / "work"), timeout=30, encoding="utf-8",
                          env={**os.environ, "TERM": "dumb", "HOME": str(folder)})
    try:
        shell.sendline(f"PS1='$ '; fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt zle_bracketed_paste "
                       "2>/dev/null; keel() { print -r -- ${(j:|:)@} }; setopt no_beep; echo rea''dy")
        shell.expect("ready\r\n")
        shell.sendline("keel back\tr\t--strategy ema\t--js\t")
        shell.expect_exact("backtest|run|--strategy|ema_cross|--json")
        shell.sendline("keel data imp\ta\t")
        shell.expect_exact("data|import|a b.csv")
        shell.sendline("keel ind\tstochr\t--timef\t15\t")
        shell.expect_exact("indicator|stochrsi|--timeframe|15m")
    finally:
        shell.close(force=True)


def test_zsh_names_every_option_with_its_help():
    """Each verb of the help has its block, with every option of it."""
    text = script("zsh")
    for words in commands():
        block = text.split(f"\n        '{' '.join(words)}')\n", 1)[1].split(";;", 1)[0]
        assert set(re.findall(r"'\*?(--[\w-]+)\[", block)) == set(options_of(words)), words


def test_an_unknown_shell_is_refused():
    assert "write bash, zsh or fish" in tool.refused("completion", "tcsh", code=2)
