"""Chromium without a window, driven over a pipe with the DevTools protocol; nothing but the browser itself is needed."""
import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
         "--disable-extensions", "--disable-quic", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb",
         "--no-default-browser-check", "--password-store=basic")


def program():
    found = os.environ.get("KEEL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no browser: the report is looked at in Chromium; run script/setup test, which installs it"
    return found


class Browser:
    """One browser process. Pages are made by page(); close() ends it."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="keel-browser-")
        to_read, self.to_fd = os.pipe()
        self.from_fd, from_write = os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (to_read, from_write)]

        def wire():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.log = open(Path(self.home) / "log", "w+b")
        self.process = subprocess.Popen([program(), *FLAGS, f"--user-data-dir={self.home}/profile", "about:blank"],
                                        preexec_fn=wire, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for fd in (*high, to_read, from_write):
            os.close(fd)
        self.next_id = 0
        self.answers, self.events, self.news = {}, [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.call("Browser.getVersion", limit_s=90)

    def _read(self):
        rest = b""
        while True:
            try:
                part = os.read(self.from_fd, 1 << 20)
            except OSError:
                part = b""
            if not part:
                break
            *whole, rest = (rest + part).split(b"\0")
            with self.news:
                for text in whole:
                    message = json.loads(text)
                    if "id" in message:
                        self.answers[message["id"]] = message
                    else:
                        self.events.append(message)
                self.news.notify_all()
        with self.news:
            self.answers["closed"] = True
            self.news.notify_all()

    def call(self, method, session=None, limit_s=60, **params):
        self.next_id += 1
        message = {"id": self.next_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to_fd, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + limit_s
        with self.news:
            while message["id"] not in self.answers:
                assert "closed" not in self.answers and self.news.wait(max(0.0, end - time.monotonic())), \
                    f"the browser gave no answer to {method}: {self.said()}"
            answer = self.answers.pop(message["id"])
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def said(self):
        self.log.flush()
        return Path(self.log.name).read_bytes()[-1500:].decode(errors="replace")

    def page(self, path, width=1280, height=900, dark=False, mobile=False, reduced=True):
        return Page(self, path, width, height, dark, mobile, reduced)

    def close(self):
        try:
            self.call("Browser.close", limit_s=10)
        except (AssertionError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.log.close()
        os.close(self.to_fd)
        shutil.rmtree(self.home, ignore_errors=True)


class Page:
    def __init__(self, browser, path, width, height, dark, mobile, reduced):
        self.browser, self.url = browser, Path(path).resolve().as_uri()
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.begin = len(browser.events)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height, mobile)
        self.media(dark, reduced)
        self.call("Page.navigate", url=self.url)
        self.wait("document.readyState === 'complete'")

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def resize(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def media(self, dark, reduced=True):
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        if reduced:
            features.append({"name": "prefers-reduced-motion", "value": "reduce"})
        self.call("Emulation.setEmulatedMedia", features=features)

    def run(self, script):
        """Value of an expression, by JSON; an exception in it fails the test."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition, limit_s=60):
        end = time.monotonic() + limit_s
        while not self.run(condition):
            assert time.monotonic() < end, f"did not become true: {condition}; {self.complaints()}"
            time.sleep(0.05)

    def frames(self):
        """Let what was asked for be painted."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")

    def click(self, selector):
        self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        x, y = self.run(f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
                        " return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, key, code=None, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **more)

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def screenshot(self, path, whole=False):
        more = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            more = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1},
                    "captureBeyondViewport": True}
        Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", **more)["data"]))
        return path

    def mine(self):
        return [e for e in self.browser.events[self.begin:] if e.get("sessionId") == self.session]

    def complaints(self):
        """Exceptions, console errors and warnings, refused loads: everything the browser complained of."""
        found = []
        for event in self.mine():
            kind, params = event["method"], event["params"]
            if kind == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:400])
            elif kind == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(params["args"])[:400])
            elif kind == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"][:400])
        return found

    def requests(self):
        """Every address that the page asked for, itself included."""
        return [e["params"]["request"]["url"] for e in self.mine() if e["method"] == "Network.requestWillBeSent"]

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
