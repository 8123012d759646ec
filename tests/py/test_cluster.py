"""A sweep in shards ends in the bytes of one machine's: by hand, and as a job array of a real Slurm on loopback whose
nodes, tasks, files and controllers are killed on the way."""
# time limit: 900 s
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

import data_tool as tool
import slurm_tool

SYMBOLS = "BTCUSDT,ETHUSDT"
RUN = ("--strategy", "ema_cross", "--symbols", SYMBOLS, "--timeframe", "1h")
POINTS = ("--sampler", "random", "--trials", 60, "--param", "fast=2:9", "--param", "slow=30:60")
LONG = ("--strategy", "trend", "--symbols", SYMBOLS, "--timeframe", "1h", "--detail", "5m", "--sampler", "sobol",
        "--trials", 2000, "--param", "entry_min_adx=10:40", "--param", "sl_atr_mult=0.5:4:log")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster") / "store"
    tool.keel("data", "synth", "--store", folder, "--symbols", SYMBOLS, "--interval", "5m", "--days", 40, "--also", "1h",
              "--seed", 11)
    return folder


def words(store, folder, *more, run=RUN + POINTS):
    return [str(w) for w in ("sweep", "run", "--store", store, "--sweeps", folder / "s", "--ledger", folder / "ledger", *run,
                             *more)]


def sweep(store, folder, *more, run=RUN + POINTS, code=0):
    return tool.keel_json(*words(store, folder, *more, run=run), code=code)


def made(folder):
    """What a sweep leaves: the bytes of its file and of the ledger."""
    (file,) = (folder / "s").glob("*/trials.jsonl")
    return file.read_bytes(), (folder / "ledger").read_bytes()


def shards_of(folder):
    (found,) = (folder / "s").glob("*/shards")
    return found


@pytest.fixture(scope="module")
def alone(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    document = sweep(store, folder)
    return document, *made(folder)


# ---- by hand -------------------------------------------------------------------------------------------------

def test_shards_run_by_hand_make_the_same_file(store, tmp_path, alone):
    """[SWP-01.1] In any order, one twice at once, one interrupted: joined by --resume, not a byte differs, the ledger too."""
    pieces = 7
    for k in (3, 0, 6, 1):
        assert "complete" in tool.keel(*words(store, tmp_path, "--shard", f"{k}/{pieces}"))[0]
    twice = [subprocess.Popen([tool.program(), *words(store, tmp_path, "--shard", f"2/{pieces}", "--threads", 2)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in twice:
        assert process.communicate(timeout=200)[1] == "" and process.returncode == 0
    line = tool.refused(*words(store, tmp_path, "--resume"), code=2)
    assert "5 of 7 shards are complete" in line and "--shard K/7" in line
    assert "--resume to go on" in tool.refused(*words(store, tmp_path), code=2)
    assert not (tmp_path / "ledger").exists()
    for k in (4, 5, 5):
        out = tool.keel(*words(store, tmp_path, "--shard", f"{k}/{pieces}"))[0]
    assert "nothing to do" in out
    document = sweep(store, tmp_path, "--resume")
    assert made(tmp_path) == alone[1:]
    assert document["best"] == alone[0]["best"] and document["significance"] == alone[0]["significance"]
    assert not list((tmp_path / "s").glob("*/shards"))
    assert "the sweep is complete" in tool.keel(*words(store, tmp_path, "--shard", f"4/{pieces}"))[0]
    assert made(tmp_path) == alone[1:]


DAMAGES = {
    "cut in a row": lambda data: data[: len(data) * 2 // 3],
    "cut to nothing": lambda data: b"",
    "another figure": lambda data: data.replace(b'"trades":', b'"trades":1', 3),
    "a row missing": lambda data: b"".join(line for i, line in enumerate(data.splitlines(True)) if i != 2),
    "another header": lambda data: data.replace(b'"sharpe"', b'"calmar"', 1),
    "no text": lambda data: os.urandom(len(data)),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_shard_is_run_again(store, tmp_path, alone, what):
    """[SWP-01.1] What is whole before the damage is used, the rest is made anew; nothing wrong is ever joined."""
    for k in range(3):
        tool.keel(*words(store, tmp_path, "--shard", f"{k}/3"))
    file = shards_of(tmp_path) / "1.jsonl"
    data = file.read_bytes()
    file.write_bytes(DAMAGES[what](data))
    assert "2 of 3 shards" in tool.refused(*words(store, tmp_path, "--resume"), code=2)
    tool.keel(*words(store, tmp_path, "--shard", "1/3"))
    assert file.read_bytes() == data
    sweep(store, tmp_path, "--resume")
    assert made(tmp_path) == alone[1:]


def test_an_interrupted_shard_goes_on(store, tmp_path):
    """[SWP-01.4] SIGTERM, as of a preemption, keeps whole rows in a part that the next execution takes over."""
    run = ("--strategy", "trend", "--symbols", SYMBOLS, "--timeframe", "5m", "--sampler", "random", "--trials", 30000,
           "--param", "entry_min_adx=10:40")
    task = subprocess.Popen([tool.program(), *words(store, tmp_path, "--shard", "2/3", run=run)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    part = slurm_tool.Slurm.wait(lambda: next((p for p in (tmp_path / "s").glob("*/shards/2.*.part")
                                               if p.read_bytes().count(b"\n") > 3), None), "no rows")
    task.send_signal(signal.SIGTERM)
    _, err = task.communicate(timeout=60)
    rows = part.read_bytes().count(b"\n") - 1
    assert task.returncode == 130 and f"{rows} of 10000 trials are kept" in err and rows >= 3
    again = subprocess.Popen([tool.program(), *words(store, tmp_path, "--shard", "2/3", run=run)], stderr=subprocess.PIPE)
    other = slurm_tool.Slurm.wait(lambda: next((p for p in part.parent.glob("2.*.part") if p != part), None), "no part")
    slurm_tool.Slurm.wait(lambda: other.read_bytes().count(b"\n") > rows, "it does not take over")
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert other.read_bytes().startswith(part.read_bytes())
    first = json.loads(part.read_bytes().split(b"\n")[1])
    assert first["trial"] == 20000


def test_a_full_disk_under_a_shard_loses_nothing(store, tmp_path, alone):
    """[SWP-01.4] Code 1 and whole rows; the next execution, with room, goes on to the same bytes."""
    line = " ".join(f"'{word}'" for word in [tool.program(), *words(store, tmp_path, "--shard", "1/2")])
    limited = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f 32; {line}"], capture_output=True, text=True,
                             timeout=100)
    assert limited.returncode == 1 and limited.stderr.count("\n") == 1 and "cannot write" in limited.stderr
    (part,) = shards_of(tmp_path).glob("1.*.part")
    assert part.read_bytes().endswith(b"\n") and 0 < part.stat().st_size <= 32 * 1024
    for k in (0, 1):
        tool.keel(*words(store, tmp_path, "--shard", f"{k}/2"))
    sweep(store, tmp_path, "--resume")
    assert made(tmp_path) == alone[1:]


def test_the_ledger_has_a_trial_once_however_it_is_parted(store, tmp_path, alone):
    """[BKT-06.3] Points that repeat stand in it once; who ran them, and in how many pieces, does not show."""
    hashes = [json.loads(line)["trial_hash"] for line in alone[1].splitlines()[1:]]
    assert len(set(hashes)) < len(hashes)
    accounted = [line.split()[2] for line in alone[2].decode().splitlines() if line.startswith("T ")]
    assert accounted == list(dict.fromkeys(hashes))


@pytest.mark.parametrize("more,says,code", [
    (("--shard", "3/3"), "is no shard", 2),
    (("--shard", "1"), "is no shard", 2),
    (("--shard", "-1/3"), "is no shard", 2),
    (("--shard", "1/3x"), "is no shard", 2),
    (("--shard", "01/3"), "is no shard", 2),
    (("--shard", "1/61"), "more shards than the 60 trials", 2),
    (("--shard", "1/3", "--cluster", "slurm"), "contradict", 2),
    (("--shard", "1/3", "--restart"), "cannot begin anew", 2),
    (("--shard", "1/3", "--sweep-id", "0123456789abcdef"), "another one on this node", 6),
    (("--shard", "1/3", "--sampler", "tpe"), "cannot be cut into shards", 2),
    (("--cluster", "slurm", "--sampler", "tpe"), "take grid, random or sobol", 2),
    (("--cluster", "slurm", "--pruner", "median"), "no pruner", 2),
    (("--cluster", "slurm", "--shards", "61"), "more shards than", 2),
    (("--cluster", "slurm", "--nodes", "0"), "out of bounds", 2),
    (("--cluster", "slurm", "--sbatch", "partition"), "no option of sbatch", 2),
    (("--cluster", "pbs"), "none, slurm", 2),
    (("--nodes", "4"), "add --cluster slurm", 2),
    (("--shards", "4"), "add --cluster slurm", 2),
    (("--on-interrupt", "cancel"), "add --cluster slurm", 2),
])
def test_what_cannot_be_is_refused(store, tmp_path, more, says, code):
    """[SWP-01.1] One line; tpe and the pruner need earlier trials and are not cut."""
    run = RUN + POINTS[2:] if "--sampler" in more else RUN + POINTS
    assert says in tool.refused(*words(store, tmp_path, *more, run=run), code=code)
    assert not list(tmp_path.glob("s/*/*")) and not (tmp_path / "ledger").exists()


def test_another_cut_is_refused(store, tmp_path):
    tool.keel(*words(store, tmp_path, "--shard", "0/3"))
    assert "cut into 3 shards, not 4" in tool.refused(*words(store, tmp_path, "--shard", "0/4"), code=2)
    (shards_of(tmp_path) / "plan").write_text("keel.shards 1\n0\n")
    assert "no plan of shards" in tool.refused(*words(store, tmp_path, "--shard", "0/3"), code=6)
    assert "no plan of shards" in tool.refused(*words(store, tmp_path, "--resume"), code=6)


# ---- without Slurm, or with something else of its name -------------------------------------------------------

def with_programs(folder, **scripts):
    """An environment whose PATH has these programs and nothing else."""
    (folder / "bin").mkdir()
    for name, text in scripts.items():
        (folder / "bin" / name).write_text("#!/bin/sh\n" + text + "\n")
        (folder / "bin" / name).chmod(0o755)
    return {**os.environ, "PATH": str(folder / "bin")}


@pytest.mark.parametrize("scripts,says,code", [
    ({}, "Slurm is not on this machine", 4),
    ({"squeue": "exit 0"}, "no program 'sbatch'", 4),
    ({"squeue": "echo 'JOBID STATE'"}, "an answer that is not Slurm's", 2),
    ({"squeue": "echo '1|0|RUNNING|x'"}, "an answer that is not Slurm's", 2),
    ({"squeue": "echo '1|x|RUNNING'"}, "an answer that is not Slurm's", 2),
    ({"squeue": "printf '1|0|RUNNING'"}, "an answer that is not Slurm's", 2),
    ({"squeue": "exit 0", "sbatch": "echo Submitted batch job 7"}, "an answer that is not Slurm's", 2),
    ({"squeue": "exit 0", "sbatch": "echo 7x"}, "an answer that is not Slurm's", 2),
    ({"squeue": "exit 0", "sbatch": "echo 'sbatch: error: invalid partition specified: far' >&2; exit 1"},
     "Slurm refuses: sbatch (status 1): 'sbatch: error: invalid partition", 2),
    ({"squeue": "exit 0", "sbatch": "echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1"},
     "controller does not answer", 5),
    # an array that is taken and whose tasks never do anything: three times, then the line says what its log has
    ({"squeue": "exit 0", "sbatch": "echo 7", "scontrol": "echo ' JobState=NODE_FAIL ExitCode=0:9 NodeList=k2 '"},
     "Slurm says NODE_FAIL on k2, exit 0:9", 1),
])
def test_slurm_that_is_absent_or_strange_is_told(store, tmp_path, alone, scripts, says, code):
    """[SWP-01.1] One line, the right exit code, and what was there stays."""
    done = subprocess.run([tool.program(), *words(store, tmp_path, "--cluster", "slurm", "--shards", "3")],
                          env=with_programs(tmp_path, **scripts), capture_output=True, text=True, timeout=200)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("keel: job ")]
    assert done.returncode == code and done.stdout == "" and len(lines) == 1 and says in lines[0], done.stderr
    for k in range(3):
        tool.keel(*words(store, tmp_path, "--shard", f"{k}/3"))
    sweep(store, tmp_path, "--resume")
    assert made(tmp_path) == alone[1:]


# ---- a real Slurm --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def slurm():
    lacking = slurm_tool.missing()
    if lacking:
        pytest.skip("not on this machine: Slurm and munge as root (script/setup test): " + lacking)
    with tempfile.TemporaryDirectory(prefix="keel-slurm-") as folder:
        os.chmod(folder, 0o755)
        cluster = slurm_tool.Slurm(Path(folder) / "slurm")
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="module")
def whole(store, tmp_path_factory):
    """2,000 trials on one machine."""
    folder = tmp_path_factory.mktemp("whole")
    tool.keel(*words(store, folder, run=LONG), binary=tool.program("KEEL_BIN_RELEASE"))
    return made(folder)


class Watcher:
    """A keel that runs the sweep on the cluster, in the background."""

    def __init__(self, slurm, store, folder, *more, path=None):
        self.slurm = slurm
        self.process = subprocess.Popen([tool.program("KEEL_BIN_RELEASE"),
                                         *words(store, folder, "--cluster", "slurm", *more, run=LONG)],
                                        env={**slurm.env, "PATH": f"{path}:{slurm.env['PATH']}"} if path else slurm.env,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, code=0):
        try:
            _, err = self.process.communicate(timeout=200)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(self.slurm.state()) from None
        assert self.process.returncode == code, err
        return err


def tasks_of(slurm, node=None):
    """Processes of keel that run a shard, as (pid, node, shard)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            environment = dict(e.split(b"=", 1) for e in (entry / "environ").read_bytes().split(b"\0") if b"=" in e)
        except OSError:
            continue
        if b"--shard" not in command or environment.get(b"SLURM_CONF") != str(slurm.conf).encode():
            continue
        on = environment.get(b"SLURMD_NODENAME", b"").decode()
        if on and (node is None or on == node) and slurm_tool.is_running(entry.name):
            found.append((int(entry.name), on, command[command.index(b"--shard") + 1].decode()))
    return found


def shard_file(folder, shard):
    return shards_of(folder) / f"{shard.split('/')[0]}.jsonl"


def stopped_task(slurm, node):
    """A task of the node, held in the middle of what it does: pid, its step, its shard."""
    for pid, _, shard in tasks_of(slurm, node):
        try:
            os.kill(pid, signal.SIGSTOP)
            step = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        if slurm_tool.is_running(pid) and step in slurm.children():
            return pid, step, shard
    return None


def kill_node(slurm, node):
    """The machine is gone, in the middle of a shard: its task, its step and its daemon."""
    pid, step, shard = slurm.wait(lambda: stopped_task(slurm, node), f"no task on {node}")
    slurm.kill(f"slurmd.{node}.pid")
    os.kill(step, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    return shard


def test_a_cluster_that_loses_a_node_makes_the_same_file(slurm, store, tmp_path, whole):
    """[SWP-01.1] 2,000 trials, 4 nodes: one dies in the middle, one task is preempted, one shard runs twice, one is cut."""
    watcher = Watcher(slurm, store, tmp_path, "--nodes", 4, "--shards", 12)
    lost = kill_node(slurm, "k2")
    assert not shard_file(tmp_path, lost).exists()
    slurm.run("scontrol", "update", "nodename=k2", "state=down", "reason=test")
    pid, _, preempted = slurm.wait(lambda: next((t for t in tasks_of(slurm) if t[1] != "k2"), None), "no other task")
    job = next(line.split("_")[0] for line in slurm.queue() if "_" in line)
    slurm.run("scontrol", "requeue", f"{job}_{preempted.split('/')[0]}", check=False)  # it may have ended by itself
    doubles = [threading.Thread(target=tool.keel, args=words(store, tmp_path, "--shard", "11/12", run=LONG),
                                kwargs={"binary": tool.program("KEEL_BIN_RELEASE")}) for _ in range(2)]
    for thread in doubles:
        thread.start()
    first = slurm.wait(lambda: next(shards_of(tmp_path).glob("*.jsonl"), None), "no shard ends")
    os.truncate(first, first.stat().st_size // 2)
    assert not shard_file(tmp_path, lost).exists()
    err = watcher.end()
    for thread in doubles:
        thread.join(100)
    assert "shards 0-11%4 of 12" in err
    assert made(tmp_path) == whole
    slurm.start_node("k2")
    slurm.run("scontrol", "update", "nodename=k2", "state=resume", check=False)
    slurm.wait_for_nodes(4)


def test_a_sweep_outlives_both_controllers(slurm, store, tmp_path, whole):
    """[SWP-01.1] keel is killed, and slurmctld loses all it knew: --resume hands in what is missing and nothing else."""
    watcher = Watcher(slurm, store, tmp_path, "--shards", 8)
    slurm.wait(lambda: list((tmp_path / "s").glob("*/shards/*.jsonl")), "no shard ends")
    watcher.process.kill()
    watcher.process.communicate(timeout=60)
    slurm.kill("state/slurmctld.pid")
    slurm.start_controller(forget=True)
    slurm.wait_for_nodes(4)
    kept = len(list(shards_of(tmp_path).glob("*.jsonl")))
    assert 0 < kept
    line = tool.refused(*words(store, tmp_path, "--cluster", "slurm", run=LONG), code=2,
                        binary=tool.program("KEEL_BIN_RELEASE"))
    assert "begun in 8 shards" in line and "--resume" in line
    err = Watcher(slurm, store, tmp_path, "--resume").end()
    assert made(tmp_path) == whole and err.count("handed in") <= 1


@pytest.mark.parametrize("end", ["leave", "cancel"])
def test_an_interruption_leaves_the_array_or_cancels_it(slurm, store, tmp_path, whole, end):
    """[SWP-01.4] As told; --resume waits for what runs, or hands in the rest."""
    watcher = Watcher(slurm, store, tmp_path, "--shards", 8, "--on-interrupt", end)
    slurm.wait(lambda: tasks_of(slurm), "no task")
    watcher.process.send_signal(signal.SIGINT)
    err = watcher.end(code=130)
    assert "--resume" in err and ("is cancelled" if end == "cancel" else "goes on running") in err
    if end == "cancel":
        slurm.wait(lambda: not slurm.queue(), "the array is not cancelled")
        assert not (tmp_path / "ledger").exists()
    err = Watcher(slurm, store, tmp_path, "--resume").end()
    assert made(tmp_path) == whole and err.count("handed in") == (end == "cancel")


def test_a_shard_that_cannot_run_ends_the_whole(slurm, store, tmp_path):
    """[SWP-01.1] After three times the line says what its log says. Slurm's own refusal is told at once."""
    line = tool_refused(slurm, store, tmp_path / "a", "--sbatch=--partition=far")
    assert "Slurm refuses: sbatch" in line and "far" in line
    hidden = tmp_path / "hidden"
    (tmp_path / "b").mkdir()
    (tmp_path / "bin").mkdir()
    away = tmp_path / "bin" / "sbatch"  # between handing in and running, the data goes
    away.write_text(f"#!/bin/sh\n[ -e '{store}' ] && mv '{store}' '{hidden}'\nexec {slurm_tool.find('sbatch')} \"$@\"\n")
    away.chmod(0o755)
    try:
        err = Watcher(slurm, store, tmp_path / "b", "--shards", 2, path=away.parent).end(code=1)
    finally:
        hidden.rename(store)
    assert "ended 3 times" in err and "store" in err and err.count("handed in") == 3


def tool_refused(slurm, store, folder, *more):
    folder.mkdir()
    done = subprocess.run([tool.program("KEEL_BIN_RELEASE"), *words(store, folder, "--cluster", "slurm", *more, run=LONG)],
                          env=slurm.env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    return done.stderr
