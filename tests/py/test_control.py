"""keel status, pause, resume, cancel, flat and kill: a run is reached while it runs, and what was ordered is on record. [CTL-03]"""
# time limit: 300 s
import csv
import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest

import paper_tool as tool
from data_tool import keel, keel_json, program, refused
from forensic_tool import records

HEAD = {"schema": "keel.control", "schema_version": 1}


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return tool.market(tmp_path_factory.mktemp("control"), days=40)


@pytest.fixture(scope="module")
def begun(market, tmp_path_factory):
    """A run that holds something, stopped in the middle: copied for each test."""
    folder = tmp_path_factory.mktemp("begun") / "run"
    words = ["trade", "paper", *tool.words(market, "buy_hold"), "--run", folder, "--batch", 1]
    assert tool.kill_when_written(words, 5_000_000) is None, "it came to its end"
    return folder, words


class Live:
    """The run at real pace: nothing comes for an hour, so it stands where it was."""

    def __init__(self, begun, folder, *more):
        self.run, self.words = folder, [folder if w == begun[0] else w for w in begun[1]]
        self.more = more
        self.start()

    def start(self):
        self.process = subprocess.Popen([program(), *map(str, self.words), "--speed", "real", *map(str, self.more)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + tool.LIMIT_S
        while subprocess.run([program(), "status", str(self.run)], capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline and self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.05)

    def end(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.communicate(timeout=tool.LIMIT_S)[1]

    def status(self):
        return keel_json("status", self.run)["runs"][0]

    def order(self, verb, code=0):
        return keel_json(verb, self.run, "--reason", f"because of {verb}", code=code)["runs"][0]

    def actions(self):
        return [json.loads(line) for line in (self.run / "audit.jsonl").read_text().splitlines()]

    def socket(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        before = os.getcwd()
        os.chdir(self.run / "control")  # the path may be too long for an address
        try:
            s.connect("socket")
        finally:
            os.chdir(before)
        return s

    def ask(self, data, s=None):
        s = s or self.socket()
        s.sendall(data if isinstance(data, bytes) else json.dumps(HEAD | data).encode() + b"\n")
        line = s.makefile("rb").readline()
        assert line.endswith(b"\n"), line
        return json.loads(line)


@pytest.fixture
def live(begun, tmp_path):
    made = []

    def make(*more, folder=tmp_path / "run"):
        shutil.copytree(begun[0], folder, ignore=shutil.ignore_patterns("socket"))  # of the killed one
        made.append(Live(begun, folder, *more))
        return made[-1]

    yield make
    for one in made:
        one.end(signal.SIGKILL)


def ended_alike(live):
    """The journal alone leads to where the run came."""
    doc = tool.document(*live.words)
    again = keel_json("replay", live.run)
    assert again["equal"] and again["commands"] == again["commands_equal"] and again["state_hash"] == doc["state_hash"]
    assert keel_json("audit", "verify", live.run)["verdict"] == "good"
    return doc


def test_status_says_what_it_does(live):
    """[OBS-02] Phase, why, equity, what is held, the last input, the journal, the disk; nothing is recorded."""
    run = live()
    trail = run.actions()
    s = run.status()
    assert s["running"] and s["code"] == 0 and s["process"] == run.process.pid and s["mode"] == "paper"
    assert s["phase"] == "running" and s["entries"] is True and s["held_back_by"] is None
    assert {p["symbol"] for p in s["open_positions"]} <= {"BTCUSDT", "ETHUSDT"} and s["open_positions"]
    assert float(s["equity_usd"]) > 0 and s["last_input"] > 0 and s["journal_seq"] > s["last_input"]
    assert s["last_input_time"].startswith("2023-01-") and s["uptime_ms"] >= 0 and 0 <= s["disk_free_pct"] <= 100
    text = keel("status", run.run)[0]
    assert "running; entries may leave" in text and "held       " in text and s["state_hash"] in text
    assert run.actions() == trail
    began = []
    for _ in range(5):
        began.append(time.monotonic())
        run.ask({"ask": "status"})
        began[-1] = time.monotonic() - began[-1]
    assert min(began) < 1.0
    run.end()
    ended_alike(run)


def test_each_order_is_recorded_obeyed_and_answered(live):
    """[T-400] [LOG-08.1] [ENG-05.1] With name, reason and time, and the phase before; what leads nowhere is refused and not
    recorded."""
    run = live()
    assert "leads nowhere" in refused("resume", run.run, code=3)
    p = run.order("pause")
    assert p["phase"] == "close_only" and not p["entries"] and p["held_back_by"] == "pause was ordered"
    assert run.status()["phase"] == "close_only"
    seq = run.status()["journal_seq"]
    assert "the engine is close_only" in keel("pause", run.run, code=3)[1]
    assert run.status()["journal_seq"] == seq
    assert run.order("resume")["phase"] == "running"
    assert run.order("cancel")["phase"] == "running"
    entries = [a for a in run.actions() if a["action"] in ("entries_paused", "entries_resumed", "orders_cancelled")]
    assert [a["action"] for a in entries] == ["entries_paused", "entries_resumed", "orders_cancelled"]
    assert [a["before"] for a in entries] == ["running", "close_only", "running"]
    assert [a["reason"] for a in entries] == ["because of pause", "because of resume", "because of cancel"]
    assert all(a["actor"].endswith(f"(uid {os.geteuid()})") for a in entries)
    keel("pause", run.run)
    assert run.actions()[-1]["reason"] == "not given"
    run.end()
    ended_alike(run)
    manual = [r["data"] for r in records(run.run) if r["code"] == "MANUAL_ACTION"]
    assert [m["action"] for m in manual] == ["pause", "resume", "cancel", "pause"] and {m["actor"] for m in manual} == {"operator"}


@pytest.mark.parametrize("how", ["in order", "killed"])
def test_flat_closes_what_is_held(live, how):
    """[CTL-03] [T-263] Closing orders are sent when the answer comes; a kill -9 right behind it loses nothing; the run ends flat."""
    run = live()
    held = run.status()["open_positions"]
    f = run.order("flat")
    if how == "killed":
        run.end(signal.SIGKILL)
    assert f["phase"] == "close_only" and f["held_back_by"] == "flat was ordered"
    closing = {o["symbol"]: o for o in f["open_orders"]}
    assert {p["symbol"] for p in held} == set(closing) and not any(o["increases"] for o in closing.values())
    if how == "in order":
        run.end()
    doc = ended_alike(run)
    assert doc["totals"]["trades"] == len(held)
    with open(run.run / "trades.csv", newline="") as f:
        assert {t["exit_reason"] for t in csv.DictReader(f)} == {"X_EMERGENCY"}
    action = next(a for a in run.actions() if a["action"] == "positions_closed")
    assert action["reason"] == "because of flat" and action["before"] == "running"
    manual = [r["data"] for r in records(run.run) if r["code"] == "MANUAL_ACTION"]
    assert manual == [{"actor": "operator", "action": "flat"}]
    keel("audit", "db", run.run)


def test_kill_halts_and_ends(live):
    """[CTL-03] [T-263] In order, halted until somebody resumes; the answer comes once the run was let go."""
    run = live()
    held = run.status()["open_positions"]
    k = run.order("kill")
    assert k["phase"] == "halted" and k["open_orders"] == [] and k["open_positions"] == held
    assert not (run.run / "control" / "socket").exists()
    err = run.end()
    assert run.process.returncode == 130 and "because of kill" in err and "halted" in err
    assert [a["action"] for a in run.actions()][-2:] == ["run_killed", "run_interrupted"]
    assert keel_json("journal", "verify", run.run / "journal")["shut_down"]
    s = keel_json("status", run.run, code=4)["runs"][0]
    assert not s["running"] and s["record"]["last_action"]["action"] == "run_interrupted" and not s["record"]["ended"]
    assert "not running" in keel("status", run.run, code=4)[0]
    run.start()
    assert run.status()["phase"] == "halted"
    assert run.order("kill")["phase"] == "halted"  # a halted run can be ended, too
    run.end()
    run.start()
    assert run.order("resume")["phase"] == "running"
    run.end()
    ended_alike(run)


def test_an_order_survives_a_kill_right_behind_its_answer(live):
    """[T-397] kill -9 once the line is there: the next start has it."""
    run = live()
    for turn in range(3):
        verb, phase = (("pause", "close_only"), ("resume", "running"))[turn % 2]
        assert run.ask({"ask": verb})["ok"]
        run.process.kill()
        run.end()
        assert (run.run / "control" / "socket").exists()
        assert "no process runs it" in refused(verb, run.run, code=4)
        run.start()
        assert run.status()["phase"] == phase
    run.end()
    ended_alike(run)


def test_it_is_its_users_alone(live, begun, tmp_path):
    """[SEC-03] [OPS-04] Modes from the start; another user is refused although the modes were widened; a folder that others may enter
    is not used, which is told and recorded."""
    run = live()
    assert stat.S_IMODE((run.run / "control").stat().st_mode) == 0o700
    assert stat.S_IMODE((run.run / "control" / "socket").stat().st_mode) == 0o600
    if os.geteuid() == 0:
        (run.run / "control").chmod(0o755)
        (run.run / "control" / "socket").chmod(0o666)
        stranger = ("import os, socket, sys\nos.chdir(sys.argv[1])\nos.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
                    "s = socket.socket(socket.AF_UNIX)\ns.connect('socket')\ns.sendall(sys.argv[2].encode() + b'\\n')\n"
                    "print(s.makefile().readline())")
        done = subprocess.run([sys.executable, "-c", stranger, str(run.run / "control"), json.dumps(HEAD | {"ask": "pause"})],
                              capture_output=True, text=True, timeout=60, check=False)
        answer = json.loads(done.stdout)
        assert answer["ok"] is False and answer["code"] == 3 and "not your run" in answer["error"]
        assert run.status()["phase"] == "running"
    run.end()
    (run.run / "control").chmod(0o755)
    line = keel(*run.words)[1]
    assert "cannot reach this run" in line
    assert "not_reachable" in [a["action"] for a in run.actions()]


def test_one_that_hangs_is_told_so(live):
    """Exit code 5, and what was asked may yet be obeyed."""
    run = live()
    run.process.send_signal(signal.SIGSTOP)
    assert "no answer within" in refused("status", run.run, "--timeout", "500ms", code=5)
    assert "it may yet obey" in refused("pause", run.run, "--timeout", "500ms", code=5)
    run.process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + 60
    while run.status()["phase"] != "close_only":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.end()
    ended_alike(run)


def test_what_is_no_request_is_refused(live):
    """[SEC-03] Malformed, unknown, too long, half of one: refused with a line, or closed; the run goes on, and nothing is recorded."""
    run = live()
    before = run.actions()
    for data in (b"\n", b"pause\n", b"{}\n", b"\xff\xfe\n", {"ask": "reduce"}, {"ask": "pause", "force": True}, {"ask": "pause", "reason": "x" * 2000},
                 {"schema_version": 2, "ask": "pause"}, b"[" * 4000 + b"\n", b"x" * 5000):
        answer = run.ask(data)
        assert answer["ok"] is False and answer["code"] == 2 and answer["error"], data
    half = run.socket()
    half.sendall(json.dumps(HEAD | {"ask": "kill"}).encode())
    half.close()
    idle = run.socket()  # says nothing, and is closed
    assert idle.recv(1) == b""
    assert run.status()["phase"] == "running" and run.actions() == before
    run.end()
    assert not [r for r in records(run.run) if r["code"] == "MANUAL_ACTION"]  # nor in its log; in the journal timers go on


def test_two_at_once_and_lines_in_a_row(live):
    """Each is answered what it asked, in its order."""
    run = live()
    one, two = run.socket(), run.socket()
    one.sendall(b"".join(json.dumps(HEAD | {"ask": a}).encode() + b"\n" for a in ("status", "pause", "resume", "status")))
    two.sendall(json.dumps(HEAD | {"ask": "status"}).encode() + b"\n")
    lines, other = one.makefile("rb"), two.makefile("rb")
    assert json.loads(other.readline())["ask"] == "status"
    got = [json.loads(lines.readline()) for _ in range(4)]
    assert [g["ask"] for g in got] == ["status", "pause", "resume", "status"] and all(g["ok"] for g in got)
    assert [g["phase"] for g in got] == ["running", "close_only", "running", "running"]
    both = [subprocess.Popen([program(), "status", str(run.run), "--json"], stdout=subprocess.PIPE, text=True) for _ in range(12)]
    assert all(json.loads(b.communicate(timeout=120)[0])["runs"][0]["running"] for b in both)
    run.end()
    ended_alike(run)


def test_a_second_start_takes_nothing_over(live):
    """[WAL-01.3] It is refused by the journal's lock, and the first one is reached as before."""
    run = live()
    inode = (run.run / "control" / "socket").stat().st_ino
    keel(*run.words, code=3)
    assert (run.run / "control" / "socket").stat().st_ino == inode and run.status()["process"] == run.process.pid
    run.end()


def test_a_folder_far_down(live, tmp_path):
    """Its path does not fit the address of a socket."""
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    run = live(folder=deep / "run")
    assert run.status()["phase"] == "running" and run.order("pause")["phase"] == "close_only"
    run.end()


def test_what_does_not_run(live, tmp_path):
    """No run, and one that ended."""
    assert "no run" in refused("status", tmp_path / "nowhere", code=4)
    assert "no run" in refused("kill", tmp_path, code=4)
    run = live()
    run.end()
    keel(*run.words)
    s = keel_json("status", run.run, code=4)["runs"][0]
    assert s["record"]["ended"] and s["record"]["last_action"]["action"] == "run_ended" and float(s["record"]["counters"]["equity_usd"])
    assert "no process runs it" in refused("flat", run.run, code=4)


def test_a_process_that_does_not_listen_is_told_from_none(begun, tmp_path):
    """[CTL-03] One that has the run, and starts or ends, is waited for: exit code 5, and its number; the lock stays as it was. A
    number that a killed process left behind is none: exit code 4, whoever has that number now."""
    run = tmp_path / "run"
    shutil.copytree(begun[0], run, ignore=shutil.ignore_patterns("socket"))
    lock = run / "journal" / "lock"
    assert "no process runs it" in keel("status", run, code=4)[1]
    lock.write_text(f"{os.getpid()}\n")  # runs, and has nothing to do with it
    assert "no process runs it" in refused("kill", run, code=4)
    with open(lock, "r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for verb in ("status", "pause", "kill"):
            line = refused(verb, run, "--timeout", "300ms", code=5)
            assert f"process {os.getpid()} has the run" in line and "ask again" in line
        s = keel_json("status", run, "--timeout", "300ms", code=5)["runs"][0]
        assert s["running"] and s["code"] == 5
        with open(lock) as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert "no process runs it" in keel("status", run, code=4)[1]


def test_one_that_starts_is_waited_for(live):
    """Asked from its first moment on, it is none, or it answers: that it starts is not an answer while there is time."""
    run = live()
    run.end()
    run.process = subprocess.Popen([program(), *map(str, run.words), "--speed", "real"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    codes = []
    while not codes or codes[-1] != 0:
        codes.append(subprocess.run([program(), "status", str(run.run), "--timeout", "60s"], capture_output=True, check=False).returncode)
        assert codes[-1] in (0, 4), codes
        assert run.process.poll() is None
    run.end()


def test_several_strategies_are_asked_each(market, tmp_path):
    words = ["trade", "paper", *tool.words(market, "trend,buy_hold"), "--speed", "real", "--run", tmp_path / "run"]
    run = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + tool.LIMIT_S
        while len(list((tmp_path / "run" / "strategies").glob("*/control/socket"))) < 2:
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.05)
        paused = keel_json("pause", tmp_path / "run", "--reason", "all of them")["runs"]
        assert [r["phase"] for r in paused] == ["close_only"] * 2
        assert [r["run"].rpartition("/")[2] for r in paused] == ["buy_hold", "trend"]
        assert keel_json("resume", tmp_path / "run" / "strategies" / "trend")["runs"][0]["phase"] == "running"
        assert [r["phase"] for r in keel_json("status", tmp_path / "run")["runs"]] == ["close_only", "running"]
        keel("kill", tmp_path / "run")
        assert run.wait(timeout=tool.LIMIT_S) == 130
    finally:
        if run.poll() is None:
            run.kill()
        run.communicate(timeout=60)


def test_those_that_listen_do_not_wait_for_one_that_starts(market, tmp_path):
    """[CTL-03] Of several the one that comes first does not listen: the others obey at once, and it is told in the end."""
    words = ["trade", "paper", *tool.words(market, "buy_hold,trend"), "--speed", "real", "--run", tmp_path / "run"]
    run = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    own = tmp_path / "run" / "strategies"
    try:
        deadline = time.monotonic() + tool.LIMIT_S
        while len(list(own.glob("*/control/socket"))) < 2:
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.05)
        (own / "buy_hold" / "control" / "socket").unlink()  # runs, and nobody can ask it
        asked = subprocess.Popen([program(), "pause", str(tmp_path / "run"), "--timeout", "60s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while keel_json("status", own / "trend")["runs"][0]["phase"] != "close_only":
            assert time.monotonic() < deadline
        assert asked.poll() is None  # it still waits for the first
        asked.kill()
        asked.communicate()
        codes = [r["code"] for r in keel_json("pause", tmp_path / "run", "--timeout", "300ms", code=5)["runs"]]
        assert codes == [5, 3]  # the second is paused already
    finally:
        run.kill()
        run.communicate(timeout=60)


def test_at_full_speed_too(market, tmp_path):
    """Between two batches; what is ordered somewhere on the way is on record where it came."""
    words = ["trade", "paper", *tool.words(market, "momentum"), "--batch", 1, "--run", tmp_path / "run"]
    run = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while subprocess.run([program(), "pause", tmp_path / "run"], capture_output=True, check=False).returncode != 0:
        assert run.poll() is None, "it ended before it was reached"
    s = keel_json("status", tmp_path / "run")["runs"][0]
    assert s["phase"] == "close_only" and s["last_input"] > 0
    assert run.wait(timeout=tool.LIMIT_S) == 0, run.communicate()[1]
    run.communicate()
    again = keel_json("replay", tmp_path / "run")
    assert again["equal"] and again["ended"]


def test_every_running_one_of_a_home(market, tmp_path):
    """Without a folder; one that ended is not among them."""
    home = tmp_path / "home"
    keel("init", home)
    at_home = {"cwd": home, "text": True, "timeout": tool.LIMIT_S, "capture_output": True, "check": False}
    none = subprocess.run([program(), "status"], **at_home)
    assert none.returncode == 4 and "no process runs any" in none.stderr
    for name, strategy in (("one", "trend"), ("two", "buy_hold")):
        keel("trade", "paper", *tool.words(market, strategy, "--timerange", "20230101-20230105"), "--run", home / "runs" / name)
    words = ["trade", "paper", *tool.words(market, "ema_cross"), "--speed", "real", "--run", home / "runs" / "three"]
    run = subprocess.Popen([program(), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + tool.LIMIT_S
        while (found := subprocess.run([program(), "status", "--json"], **at_home)).returncode != 0:
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.05)
        runs = json.loads(found.stdout)["runs"]
        assert [r["run"].rpartition("/")[2] for r in runs] == ["three"] and runs[0]["process"] == run.pid
    finally:
        run.kill()
        run.communicate(timeout=60)
