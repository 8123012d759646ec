"""Engines under comparison as processes: long-lived ones that repeat on command, and whole runs from start to exit."""
import json
import os
import subprocess
import time


class Worker:
    """A process that loaded its data once and answers one JSON line per command."""

    def __init__(self, name, argv, core):
        self.name = name
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, argv)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended without an answer, status {self.process.wait()}")
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        self.process.stdin.close()
        if self.process.wait(timeout=60) != 0:
            raise RuntimeError(f"{self.name} exited with status {self.process.returncode}")


def whole_run(argv, core):
    """Start to exit of one process: wall and CPU seconds, peak resident memory in KiB."""
    started = time.perf_counter()
    child = subprocess.Popen(["taskset", "-c", str(core), *map(str, argv)], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = message.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{argv[0]} exited with status {child.returncode}: {' '.join(tail)}")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_kib": usage.ru_maxrss}
