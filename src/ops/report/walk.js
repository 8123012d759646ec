/* A walk-forward: the tests chained to one account with their windows as bands, and training against test. */

const WALK = DATA.walk || null;

/* Every other window is a band, so that its edges are seen. */
function bandPane(pane, windows) {
  return Object.assign({}, pane, {
    draw(g, x, y, chart) {
      g.fillStyle = chart.look.fill_accent;
      windows.forEach((w, i) => {
        if (i % 2 === 0) g.fillRect(x(w[2]), 0, x(w[3]) - x(w[2]), chart.height);
      });
      pane.draw(g, x, y, chart);
    }
  });
}

function startWalkEquity() {
  const t = summed(WALK.t), box = byId("walk-equity-canvas");
  if (!t.length) {
    box.replaceWith(element("p", { class: "empty" }, "Tests overlap: they cannot be one account."));
    return;
  }
  let peak = WALK.start;
  const d = WALK.v.map((v) => {
    peak = Math.max(peak, v);
    return 100 * (1 - v / peak);
  });
  const curve = { name: "tests", t, v: WALK.v, d, colour: "accent", dash: [] };
  const chart = new TimeChart("walk-equity", [bandPane(equityPane([curve]), WALK.windows), bandPane(drawdownPane([curve]), WALK.windows)],
    [t[0], t[t.length - 1]], {
      least: 6 * 3600,
      label: "Equity of the tests over time. Arrow keys move the cursor, plus and minus zoom.",
      read(at) {
        const i = sampleAt(curve, at), w = WALK.windows.findIndex((window) => t[i] > window[2] && t[i] <= window[3]);
        return [["", timeText(t[i])], ["equity", numberText(WALK.v[i], 2), "accent"],
          ["under peak", numberText(-d[i], 2) + "%", "down"], ...(w < 0 ? [] : [["window", String(w + 1)]])];
      },
      snap: (at) => t[sampleAt(curve, at)]
    });
  chart.draw();
}

class WalkBars {
  constructor() {
    this.box = byId("walk-bars-canvas");
    this.readout = byId("walk-bars-readout");
    this.canvas = element("canvas", { role: "img", "aria-label": "Profit of each window in training and in test" });
    this.box.append(this.canvas);
    this.near = -1;
    this.canvas.addEventListener("pointermove", (e) => this.hover(Math.floor((e.offsetX - 56) / this.step)));
    this.canvas.addEventListener("pointerleave", () => this.hover(-1));
    new ResizeObserver(() => this.draw()).observe(this.box);
    CHARTS.push(this);
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth, height = this.box.clientHeight, ratio = window.devicePixelRatio || 1;
    if (!width || !height) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const g = this.canvas.getContext("2d"), look = colours(), windows = WALK.windows;
    const values = windows.flatMap((w) => [w[4], w[5]]).filter((v) => v !== null);
    let low = Math.min(0, ...values), high = Math.max(0, ...values);
    if (high === low) high = low + 1;
    const room = (high - low) * 0.06;
    low -= room;
    high += room;
    this.step = (width - 64) / windows.length;
    const y = (v) => 10 + (high - v) / (high - low) * (height - 42), bar = Math.max(1, Math.min(26, this.step * 0.36));
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = "11px " + getComputedStyle(document.body).fontFamily;
    this.axis(g, look, y, low, high, width, height);
    windows.forEach((w, i) => {
      const middle = 56 + (i + 0.5) * this.step;
      if (i === this.near) {
        g.fillStyle = look.fill_accent;
        g.fillRect(middle - this.step / 2, 4, this.step, height - 32);
      }
      this.bar(g, middle - bar - 1, bar, w[4], y, look.quiet, look.quiet);
      this.bar(g, middle + 1, bar, w[5], y, look.up, look.down);
      const every = Math.ceil(24 / this.step);
      g.fillStyle = look.quiet;
      g.textAlign = "center";
      if (i % every === 0) g.fillText(String(i + 1), middle, height - 14);
    });
    this.say();
  }

  bar(g, x, width, value, y, up, down) {
    if (value === null) return;
    g.fillStyle = value >= 0 ? up : down;
    g.fillRect(x, Math.min(y(value), y(0)), width, Math.max(1, Math.abs(y(value) - y(0))));
  }

  axis(g, look, y, low, high, width, height) {
    const marks = ticks(low, high, height / 48);
    g.textBaseline = "middle";
    g.textAlign = "right";
    g.lineWidth = 1;
    for (const v of marks) {
      const at = Math.round(y(v)) + 0.5;
      g.strokeStyle = Math.abs(v) < 1e-12 ? look.quiet : look.line;
      g.beginPath();
      g.moveTo(56, at);
      g.lineTo(width - 8, at);
      g.stroke();
      g.fillStyle = look.quiet;
      g.fillText(tickText(v, marks[1] - marks[0] || 1) + "%", 50, at);
    }
  }

  hover(i) {
    const next = i >= 0 && i < WALK.windows.length ? i : -1;
    if (next === this.near) return;
    this.near = next;
    this.draw();
  }

  say() {
    if (this.near < 0) {
      this.readout.textContent = WALK.windows.length + " windows. Point at one to read it.";
      return;
    }
    const w = WALK.windows[this.near], text = (v) => (v === null ? "\u2013" : numberText(v, 2) + "%");
    this.readout.textContent = "window " + (this.near + 1) + ", test " + timeText(w[2]) + " to " + timeText(w[3]) + ": training " +
      text(w[4]) + ", test " + text(w[5]) + " per 30 days";
  }
}

function startWalk() {
  startWalkEquity();
  new WalkBars();
  legend(byId("walk-bars"), [["training", "train"], ["test, gain", "gain"], ["test, loss", "loss"]]);
}
