"""What a figure was measured on, and whether the machine was quiet enough to measure at all."""
import hashlib
import os
import platform
import subprocess
import time
from pathlib import Path

BUSY_MAX = 0.03  # share of all cores in use by others in the second before a repetition
SLOWED_MAX = 1.1  # of a short loop beside a repetition, against its best time in this run


class TooBusy(Exception):
    pass


def first_line(path):
    try:
        return Path(path).read_text().splitlines()[0].strip()
    except (OSError, IndexError):
        return "not readable"


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def features():
    """Of the processor's abilities those that decide which code runs."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            have = set(line.split(":", 1)[1].split())
            return [name for name in ("avx2", "fma", "bmi2", "avx512f", "avx512dq", "avx512vl", "sha_ni") if name in have]
    return []


def memory_gib():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def describe():
    return {
        "cpu": cpu_model(),
        "features": features(),
        "cores": os.cpu_count(),
        "memory_gib": memory_gib(),
        "governor": first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
    }


def keel_build(program):
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _ticks():
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields), idle


def busy_share(seconds=1.0):
    """Share of all cores in use over the next seconds, while this process sleeps."""
    total, idle = _ticks()
    time.sleep(seconds)
    total_after, idle_after = _ticks()
    return 1.0 - (idle_after - idle) / max(1, total_after - total)


def wait_until_quiet(patience_s):
    """The busy share of the first quiet second. Raises TooBusy when none comes in time."""
    end = time.monotonic() + patience_s
    while True:
        share = busy_share()
        if share <= BUSY_MAX:
            return share
        if time.monotonic() > end:
            raise TooBusy(f"other work used {100 * share:.0f} % of the cores in the last second")


class Core:
    """What this machine does not show: a neighbour on the other thread of the core, or on the same host, who takes a part
    of its units away without taking any of its time. A short loop of known work tells: before and after a repetition it
    must take hardly longer than its best in this run. Loops of vectors lose up to half their speed to such a neighbour,
    chains of dependent additions hardly any, so that even ratios of one run would be the neighbour's."""

    LOOPS, TIMES = 20000, 5

    def __init__(self, core=None):
        self.core, self.best = core, float("inf")
        self.rounds = self.beside = 0  # of those that count, for whoever keeps them
        for _ in range(20):
            self.slowed()

    def slowed(self):
        """How many times its best the loop takes now, the median of a few."""
        before = os.sched_getaffinity(0)
        if self.core is not None:
            os.sched_setaffinity(0, {self.core})
        times = sorted(self._loop() for _ in range(self.TIMES))
        os.sched_setaffinity(0, before)
        self.best = min(self.best, times[0])
        return times[self.TIMES // 2] / self.best

    def shared(self):
        """1 when somebody is beside us now."""
        return self.slowed() > SLOWED_MAX

    def _loop(self):
        start, some = time.thread_time(), 0
        for i in range(self.LOOPS):
            some += i & 3
        return time.thread_time() - start
