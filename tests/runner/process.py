"""One child process: its own group, a time limit, its output in a log."""
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Result:
    name: str
    log: Path
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    files: list = field(default_factory=list)
    not_here: list = field(default_factory=list)
    tail: list = field(default_factory=list)


def run(argv, log, env, limit_s, cwd):
    """Runs argv with output to the end of log. Returns (exit status, seconds, output); 124 after the limit."""
    begun = time.monotonic()
    start = log.stat().st_size if log.exists() else 0
    with open(log, "ab") as out:
        out.write(("$ " + " ".join(map(str, argv)) + "\n").encode())
        out.flush()
        child = subprocess.Popen(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                                 cwd=cwd, start_new_session=True)
        try:
            status = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = 124
        # Whatever the test left behind in its group ends with it.
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        if status == 124:
            out.write(f"\nstopped: over the limit of {limit_s} s\n".encode())
    with open(log, "rb") as done:
        done.seek(start)
        text = done.read().decode("utf-8", "replace")
    return status, time.monotonic() - begun, text
