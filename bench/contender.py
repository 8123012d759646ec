"""Engines under comparison as processes: long-lived ones that repeat on command, and whole runs from start to exit."""
import json
import os
import subprocess

# Large pages under all memory of a run in memory, whoever asks for it: numpy does so for its own arrays only.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class Worker:
    """A process that loaded its data once and answers one JSON line per command."""

    def __init__(self, name, argv, core):
        self.name = name
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, argv)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env={**os.environ, **LARGE_PAGES})
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


def whole_run(measure, argv, core):
    """Start to exit of one process: wall and CPU seconds, peak resident memory in KiB."""
    done = subprocess.run([str(measure), "taskset", "-c", str(core), *map(str, argv)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    if figures.pop("status") != 0:
        raise RuntimeError(f"{argv[0]} failed: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    return figures
