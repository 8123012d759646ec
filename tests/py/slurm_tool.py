"""A real Slurm on loopback for tests: one slurmctld, some slurmd, munge; every process is stopped at the end."""
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel", "scontrol", "sinfo")

CONF = """ClusterName=keel
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=slurm
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/sock,cred_expire=10
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/state/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
SlurmctldTimeout=30
SlurmdTimeout=10
MinJobAge=300
KillWait=2
"""


def missing():
    """What this machine lacks for a Slurm of its own; None: nothing."""
    gone = [p for p in PROGRAMS if not find(p)]
    if gone:
        return "no " + ", ".join(gone)
    if os.geteuid() != 0:
        return "slurmctld and slurmd on loopback need root"
    for user in ("slurm", "munge"):
        if subprocess.run(["id", user], capture_output=True, timeout=30).returncode != 0:
            return f"no user {user}"
    return None if Path("/etc/munge/munge.key").exists() else "no munge key"


def find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def free_ports(count):
    """Ports that nobody listens on, all at once."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


class Slurm:
    def __init__(self, folder, nodes=4):
        self.folder, self.nodes = Path(folder), nodes
        self.conf = self.folder / "slurm.conf"
        self.env = {**os.environ, "SLURM_CONF": str(self.conf)}
        for name in list(self.env):
            if name.startswith(("SBATCH_", "SQUEUE_", "SLURM_")) and name != "SLURM_CONF":
                del self.env[name]
        self.own = []

    def start(self):
        for name, owner in (("", "root"), ("log", "slurm"), ("state", "slurm"), ("munge", "munge")):
            subprocess.run(["install", "-d", "-m", "0755", "-o", owner, str(self.folder / name)], check=True, timeout=30)
        port, *ports = free_ports(1 + self.nodes)
        text = CONF.format(port=port, folder=self.folder)
        for i, node_port in enumerate(ports, 1):
            (self.folder / f"spool.k{i}").mkdir()
            text += (f"NodeName=k{i} NodeHostname=localhost NodeAddr=127.0.0.1 Port={node_port} CPUs=1 RealMemory=1000 "
                     "State=UNKNOWN\n")
        text += f"PartitionName=sweep Nodes=k[1-{self.nodes}] Default=YES MaxTime=INFINITE State=UP\n"
        self.conf.write_text(text)
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        m = self.folder / "munge"
        self.run("runuser", "-u", "munge", "--", find("munged"), f"--socket={m}/sock", f"--pid-file={m}/pid",
                 f"--log-file={m}/log", f"--seed-file={m}/seed")
        self.start_controller()
        for i in range(1, self.nodes + 1):
            self.start_node(f"k{i}")
        self.wait_for_nodes(self.nodes)

    def run(self, *words, timeout=60, check=True):
        words = [find(str(words[0])) or str(words[0]), *map(str, words[1:])]
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, env=self.env)
        assert not check or done.returncode == 0, f"{words[0]}: {done.stdout[-500:]} {done.stderr[-500:]}"
        return done.stdout

    def start_controller(self, forget=False):
        if forget:  # numbers given out before would come again, and nodes that still end such a job drain
            self.conf.write_text(self.conf.read_text() + "FirstJobId=10001\n")
        self.run("slurmctld", *(["-c"] if forget else []), "-f", self.conf)
        self.own.append(self.pid("state/slurmctld.pid"))

    def start_node(self, name):
        self.run("slurmd", "-N", name, "-f", self.conf)
        self.own.append(self.pid(f"slurmd.{name}.pid"))

    def pid(self, name):
        return int(self.wait(lambda: self.read_pid(name), f"no {name}"))

    def read_pid(self, name):
        path = self.folder / name
        return path.exists() and re.fullmatch(r"\d+\s*", path.read_text()) and path.read_text().strip()

    def wait_for_nodes(self, count):
        self.wait(lambda: len(self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%n", check=False).split()) >= count,
                  f"{count} nodes are not idle")

    def kill(self, name):
        """SIGKILL one of them, by its pid file's name; gone when it returns."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        self.wait(lambda: not is_running(pid), f"{name} does not die")
        (self.folder / name).unlink(missing_ok=True)

    def queue(self):
        return self.run("squeue", "-h", "-r", "-o", "%i %T %N", check=False).split("\n")[:-1]

    def state(self):
        """For a failure's message: queue, nodes, and the end of the controller's log."""
        return "\n".join((self.run("squeue", "-r", "-o", "%i %T %r %N %S", check=False), self.run("sinfo", "-N", "-l", check=False),
                          (self.folder / "log" / "slurmctld.log").read_text(errors="replace")[-3000:]))

    @staticmethod
    def wait(condition, what, seconds=150):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = condition()
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"after {seconds} s: {what}")

    def stop(self):
        """Steps first, then daemons, each by its id."""
        if (self.folder / "state" / "slurmctld.pid").exists():
            self.run("scancel", "--quiet", "--user=root", check=False)
        munge = self.read_pid("munge/pid")
        for pid in [*self.own, *self.children(), *([int(munge)] if munge else [])]:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)

    def children(self):
        """slurmstepd of ours: daemons of their own that carry our folder in their environment."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            except OSError:
                continue
            if command.startswith(b"slurmstepd") and str(self.folder).encode() in command + environment:
                found.append(int(entry.name))
        return found


def is_running(pid):
    """Not a zombie: PID 1 may be slow to reap."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
