"""What is ordered of a run of several strategies holds for those that have not begun, too: real processes, one strategy at a time.
[CTL-03]"""
# time limit: 600 s
import contextlib
import csv
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, program, refused

HEAD = {"schema": "keel.control", "schema_version": 1}
NAMES = ["ema_cross", "momentum", "trend"]  # in the order in which they begin
RANGE = ["--timerange", "20230105-20230110"]


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return tool.market(tmp_path_factory.mktemp("several"))


@pytest.fixture(scope="module")
def undisturbed(market):
    return tool.document("backtest", "run", *tool.words(market, ",".join(NAMES), "--detail", "5m", *RANGE))


def children(pid):
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(p) for p in (task / "children").read_text().split()]
    except OSError:
        pass  # it ended in this moment
    return found


class Group:
    """The command, on one processor: at full speed one strategy runs at a time."""

    def __init__(self, words, folder, at_once):
        self.words, self.run = [*words, "--run", folder], folder
        self.start(at_once=at_once)

    def start(self, *more, at_once=1):
        mine = sorted(os.sched_getaffinity(0))[:at_once]
        self.process = subprocess.Popen([program(), *map(str, self.words), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, preexec_fn=lambda: os.sched_setaffinity(0, mine))

    def hold_first(self):
        """Its process, stopped as soon as it is there: whatever is asked now, the others have not begun."""
        held = self.until(lambda: children(self.process.pid))[0]
        os.kill(held, signal.SIGSTOP)
        assert self.states() == ["running", "waiting", "waiting"][:len(self.states())]
        return held

    def hold_first_of(self, state):
        """The process of the one that is in this state, stopped: there is one at a time."""
        held = self.until(lambda: [c for c in children(self.process.pid) if state in self.states()])[0]
        os.kill(held, signal.SIGSTOP)
        return held

    def until(self, there):
        deadline = time.monotonic() + tool.LIMIT_S
        while not (found := there()):
            assert time.monotonic() < deadline and self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.0005)
        return found

    def reach(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        before = os.getcwd()
        try:
            os.chdir(self.run / "control")
            s.connect("socket")
            return s
        except (FileNotFoundError, ConnectionRefusedError):
            return None  # not there yet, or not yet one that listens
        finally:
            os.chdir(before)

    def ask(self, what, **more):
        """Of the process that begins the strategies, and of nobody else."""
        s = self.until(self.reach)
        s.sendall(json.dumps(HEAD | {"ask": what} | more).encode() + b"\n")
        return json.loads(s.makefile("rb").readline())

    def states(self):
        return [s["state"] for s in self.ask("status")["strategies"]]

    def order(self, verb, reason):
        """Begun, and not awaited."""
        return subprocess.Popen([program(), verb, str(self.run), "--reason", reason, "--timeout", "60s", "--json"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def end(self, code=0):
        out, err = self.process.communicate(timeout=tool.LIMIT_S)
        assert self.process.returncode == code, err
        return err

    def recorded(self):
        return json.loads((self.run / "strategies.json").read_text())["strategies"]

    def trail(self, name):
        return [json.loads(line) for line in (self.run / "strategies" / name / "audit.jsonl").read_text().splitlines()]


@pytest.fixture
def group(market, tmp_path):
    made = []

    def make(words=None, *more, at_once=1):
        words = words or tool.words(market, ",".join(NAMES))
        made.append(Group(["trade", "paper", *words, "--detail", "5m", *RANGE, "--batch", 1, *more], tmp_path / "run", at_once))
        return made[-1]

    yield make
    for one in made:
        for child in children(one.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=60)


def answer(process, code=0):
    out, err = process.communicate(timeout=tool.LIMIT_S)
    assert process.returncode == code, err
    return json.loads(out)["runs"]


def wholly_replayed(run):
    again = keel_json("replay", run)
    assert again["equal"]
    for name in NAMES:
        assert keel_json("audit", "verify", run / "strategies" / name)["verdict"] == "good"


def test_killed_none_begins(group, undisturbed):
    """[T-263] Those that have not begun never do: on record before the answer, and said; the one that runs is waited for until it
    listens, and halts. The same command goes on with all."""
    run = group()
    held = run.hold_first()
    asked = run.order("kill", "news at noon")
    run.until(lambda: run.states() == ["running", "over", "over"])
    late = run.recorded()[1:]
    assert [s["status"] for s in late] == ["interrupted"] * 2
    assert all(s["error"].startswith("not started: killed by ") and s["error"].endswith(": news at noon") for s in late)
    time.sleep(5.5)  # longer than a stream is kept that says nothing: its end is not that of the run
    assert asked.poll() is None
    os.kill(held, signal.SIGCONT)
    first, *others = answer(asked)
    with open(run.run / "strategies/run.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert first["phase"] == "halted" and first["state"] == "running"
    assert [(o["note"], o["running"], o["code"]) for o in others] == [("will not begin", False, 0)] * 2
    err = run.end(130)
    assert "trend: not started: killed by" in err and "news at noon" in err.splitlines()[-1] and "0 of 3 strategies had ended" in err
    assert not any((run.run / "strategies" / name / "journal").exists() for name in NAMES[1:])
    assert not (run.run / "control" / "socket").exists()
    assert [s["status"] for s in run.recorded()] == ["interrupted"] * 3
    assert run.trail("ema_cross")[-2]["action"] == "run_killed"
    doc = tool.document(*run.words, "--resume")
    assert [s["state_hash"] for s in doc["per_strategy"]][1:] == [s["state_hash"] for s in undisturbed["per_strategy"]][1:]
    wholly_replayed(run.run)


def test_gone_on_with_it_ends_as_if_undisturbed(group, undisturbed):
    """The kill is asked of the process that begins them alone: the strategy that runs ends, the others are left for the next start."""
    run = group()
    held = run.hold_first()
    assert run.ask("kill")["ok"]
    os.kill(held, signal.SIGCONT)
    assert "(1 of 3 strategies had ended)" in run.end(130)
    assert [s["status"] for s in run.recorded()] == ["ended", "interrupted", "interrupted"]
    assert tool.document(*run.words) == undisturbed
    assert [s["status"] for s in run.recorded()] == ["ended"] * 3


def test_paused_they_begin_paused(group):
    """[LOG-08.1] [T-400] Before anything may open, with the name and the reason of whoever asked, journaled: a replay holds."""
    run = group()
    held = run.hold_first()
    asked = run.order("pause", "wait for me")
    run.until(lambda: run.ask("status")["begins_with"] == "pause")
    assert asked.poll() is None
    os.kill(held, signal.SIGCONT)
    first, *others = answer(asked)
    assert first["phase"] == "close_only"
    assert [(o["note"], o["state"], o["code"]) for o in others] == [("has not begun: begins paused", "waiting", 0)] * 2
    run.end()
    for name in NAMES[1:]:
        trail = run.trail(name)
        assert [a["action"] for a in trail] == ["run_started", "entries_paused", "run_ended"]
        assert trail[1]["reason"] == "wait for me" and trail[1]["actor"].endswith(f"(uid {os.geteuid()})")
        assert (trail[1]["before"], trail[1]["after"]) == ("running", "close_only")
        with open(run.run / "strategies" / name / "trades.csv", newline="") as f:
            assert not list(csv.DictReader(f))
    wholly_replayed(run.run)


def test_what_was_ordered_is_withdrawn(group, undisturbed):
    run = group()
    held = run.hold_first()
    assert run.ask("pause", reason="a mistake")["begins_with"] == "pause"
    assert run.ask("flat")["begins_with"] == "flat"
    assert run.ask("cancel")["begins_with"] == "flat"
    assert run.ask("resume")["begins_with"] is None
    os.kill(held, signal.SIGCONT)
    run.end()
    assert [a["action"] for a in run.trail("trend")] == ["run_started", "run_ended"]
    assert tool.document(*run.words) == undisturbed


def test_flat_closes_what_one_holds_that_has_not_begun(group, market, tmp_path):
    """[T-263] It was interrupted with a position, and waits for its turn again."""
    first, last = "first", "second"
    path = tmp_path / "run.yaml"
    path.write_text("run:\n  symbols: [BTCUSDT, ETHUSDT]\n  timeframe: 1h\nstrategies: [{name: first, strategy: ema_cross}, "
                    "{name: second, strategy: buy_hold}]\n")
    run = group(["--store", market, "--config", path, "--no-baselines"], at_once=2)
    journal = run.run / "strategies" / last / "journal"
    run.until(lambda: run.run.exists() and (journal / "lock").exists()
              and tool.written(int((journal / "lock").read_text() or 0)) > 5_000_000)
    run.process.send_signal(signal.SIGINT)
    run.end(130)
    run.start()
    held = run.hold_first()
    assert run.ask("flat", reason="out of it")["begins_with"] == "flat"
    os.kill(held, signal.SIGCONT)
    run.end()
    trail = run.trail(last)
    closed = next(a for a in trail if a["action"] == "positions_closed")
    assert closed["reason"] == "out of it" and trail[trail.index(closed) - 1]["action"] == "run_resumed"
    with open(run.run / "strategies" / last / "trades.csv", newline="") as f:
        assert {t["exit_reason"] for t in csv.DictReader(f)} == {"X_EMERGENCY"}
    assert "positions_closed" not in [a["action"] for a in run.trail(first)]
    assert keel_json("replay", run.run / "strategies" / last)["equal"]


def test_status_tells_who_waits_runs_and_is_over(group):
    """[OBS-02] That one waits or is over fails nothing; an order reaches who runs and who waits, and once all are over nobody."""
    run = group()
    run.until(lambda: run.states()[0] == "running")
    runs = keel_json("status", run.run)["runs"]
    assert [r["state"] for r in runs] == ["running", "waiting", "waiting"]
    assert runs[0]["phase"] == "running" and runs[1]["note"] == "has not begun" and not runs[1]["running"]
    assert f"{run.run}/strategies/trend: has not begun" in keel("status", run.run)[0]
    run.until(lambda: run.states()[0] == "over")
    assert f"{run.run}/strategies/ema_cross: is over\n" in keel("status", run.run)[0]
    runs = keel_json("pause", run.run)["runs"]
    assert runs[0]["note"] == "is over" and runs[0]["code"] == 0
    run.end()
    assert [r["code"] for r in keel_json("status", run.run, code=4)["runs"]] == [4] * 3
    assert "no process runs it" in keel("pause", run.run, code=4)[1]


def test_a_strategy_has_none_of_the_descriptors(group):
    """A socket that it kept would look like a command that still runs."""
    run = group()
    run.until((run.run / "strategies/ema_cross/control/socket").exists)
    held = run.hold_first()

    def sockets(pid):
        return {link for fd in Path(f"/proc/{pid}/fd").iterdir() if (link := os.readlink(fd)).startswith("socket:")}

    assert sockets(run.process.pid) and not sockets(run.process.pid) & sockets(held)


def real(group, market):
    run = group(tool.words(market, "buy_hold,trend"), "--speed", "real")
    run.until(lambda: run.states() == ["running"] * 2)
    runs = keel_json("status", run.run, "--timeout", "60s")["runs"]  # a name that is there is not yet one that listens
    assert [r["phase"] for r in runs] == ["running"] * 2
    return run


def paused_then_dead(run):
    """Whoever asked it to pause, stopped behind its answer; then the command and its strategy are killed."""
    held = run.hold_first()
    asked = run.order("pause", "wait for me")
    run.until(lambda: run.ask("status")["begins_with"] == "pause")
    asked.send_signal(signal.SIGSTOP)
    run.process.kill()
    os.kill(held, signal.SIGKILL)
    run.process.communicate(timeout=60)
    return asked


def test_begun_again_while_it_is_asked(group):
    """What the process said that is gone does not pass for done: another has begun those that it said had not."""
    run = group()
    asked = paused_then_dead(run)
    run.start()  # a socket that was left behind is in its way no longer
    held = run.hold_first()
    assert run.ask("status")["begins_with"] is None
    asked.send_signal(signal.SIGCONT)
    runs = answer(asked, 5)
    assert [r["code"] for r in runs] == [5] * 4
    assert all("was begun again meanwhile" in r["error"] for r in runs[1:])
    os.kill(held, signal.SIGCONT)
    run.end()


def test_an_order_dies_with_the_command(group):
    """Those that had not begun would begin without it: that is not done. The next start takes orders as the first did."""
    run = group()
    asked = paused_then_dead(run)
    asked.send_signal(signal.SIGCONT)
    runs = answer(asked, 4)
    assert [r["code"] for r in runs] == [4, 5, 5, 5]
    assert all("ended or was begun again" in r["error"] for r in runs[1:])
    run.start("--resume")
    held = run.hold_first()
    assert run.ask("pause", reason="again")["begins_with"] == "pause"
    os.kill(held, signal.SIGCONT)
    run.end()
    assert [a["action"] for a in run.trail("trend")] == ["run_started", "entries_paused", "run_ended"]
    wholly_replayed(run.run)


def test_flat_before_anything_else(group):
    """[T-400] It is the journal's first order; nothing opens behind it, and a replay holds."""
    run = group()
    held = run.hold_first()
    assert run.ask("flat")["begins_with"] == "flat"
    os.kill(held, signal.SIGCONT)
    run.end()
    for name in NAMES[1:]:
        assert [a["action"] for a in run.trail(name)] == ["run_started", "positions_closed", "run_ended"]
    wholly_replayed(run.run)


def test_an_answer_may_come_late(group, market):
    """Later than it is waited for before the strategies are asked."""
    run = real(group, market)
    run.process.send_signal(signal.SIGSTOP)
    asked = run.order("pause", "late")
    run.until(lambda: all("entries_paused" in [a["action"] for a in run.trail(name)] for name in ("buy_hold", "trend")))
    assert asked.poll() is None
    run.process.send_signal(signal.SIGCONT)
    assert [(r["code"], r["phase"]) for r in answer(asked)] == [(0, "close_only")] * 2


def test_flat_is_not_done_for_one_that_failed(group):
    """It holds what it held: whoever wants out of it must know."""
    run = group()
    os.kill(run.hold_first(), signal.SIGKILL)
    run.until(lambda: run.states()[0] == "over")
    assert [s.get("exit_code", 0) > 0 for s in run.ask("status")["strategies"]] == [True, False, False]
    second = run.hold_first_of("running")
    asked = run.order("flat", "out of it")
    run.until(lambda: run.ask("status")["begins_with"] == "flat")
    os.kill(second, signal.SIGCONT)
    first, other, last = answer(asked, 4)
    assert first["code"] == 4 and first["exit_code"] > 0 and "had not come to its end" in first["error"]
    assert other["code"] == 0 and other["phase"] and last["note"].startswith("has not begun: begins with closing")


def test_one_that_has_the_run_and_does_not_listen_yet_is_waited_for(group):
    """[OPS-04] As in the moments before it does; an order fails then, a look does not wait for it."""
    run = group()
    run.end()
    with open(run.run / "strategies/run.lock", "w") as lock:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        *runs, whole = keel_json("pause", run.run, "--timeout", "1s", code=4)["runs"]
        assert [r["code"] for r in runs] == [4] * 3 and whole["code"] == 5
        assert f"process {os.getpid()} has the run, and did not listen within 1000 ms" in whole["error"]
        assert [r["code"] for r in keel_json("status", run.run, "--timeout", "1s", code=4)["runs"]] == [4] * 3


def test_strategies_do_not_hang_with_the_command(group, market):
    """It is stopped: who runs is asked all the same, and it is told."""
    run = real(group, market)
    run.process.send_signal(signal.SIGSTOP)
    runs = keel_json("pause", run.run, "--timeout", "500ms", code=5)["runs"]
    assert [(r["code"], r.get("phase")) for r in runs] == [(0, "close_only"), (0, "close_only"), (5, None)]
    assert runs[2]["run"] == str(run.run) and "no answer within 500 ms" in runs[2]["error"]
    run.process.send_signal(signal.SIGCONT)


def test_all_are_killed_before_any_end_is_awaited(group, market):
    """One that hangs holds up nobody: the others are asked and end."""
    run = real(group, market)
    first = int((run.run / "strategies/buy_hold/journal/lock").read_text())
    os.kill(first, signal.SIGSTOP)
    began = time.monotonic()
    runs = keel_json("kill", run.run, "--timeout", "2s", code=5)["runs"]
    assert time.monotonic() - began < 8
    assert runs[0]["code"] == 5 and runs[1]["code"] == 0 and runs[1]["phase"] == "halted"
    assert not (run.run / "strategies/trend/control/socket").exists()
    os.kill(first, signal.SIGCONT)  # what it was asked it does
    run.end(130)
    assert [run.trail(name)[-2]["action"] for name in ("buy_hold", "trend")] == ["run_killed"] * 2


def test_a_kill_is_done_once_the_command_let_go(group, market):
    """The same command may be given at once."""
    run = real(group, market)
    keel("kill", run.run)
    run.start()
    run.until((run.run / "control/socket").exists)
    run.process.send_signal(signal.SIGINT)
    run.end(130)


def test_where_nobody_can_listen_it_goes_on(group, undisturbed):
    """[OPS-04] A folder that others may enter is not used, which is told."""
    run = group()
    run.process.kill()
    run.process.communicate()
    (run.run / "control").mkdir(exist_ok=True, parents=True)
    (run.run / "control").chmod(0o755)
    run.start("--json")
    out, err = run.process.communicate(timeout=tool.LIMIT_S)
    assert run.process.returncode == 0 and "cannot reach strategies that have not begun" in err, err
    doc = json.loads(out)
    doc.pop("wall_seconds")
    assert doc == undisturbed
    assert "no process runs it" in refused("pause", run.run / "strategies/trend", code=4)
