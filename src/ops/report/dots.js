/* Every trial of a sweep: its target over the order of trials or over one parameter; the line is the best so far, or the
 * median of the trials at each value. */

class Dots {
  constructor() {
    this.box = byId("dots-canvas");
    this.readout = byId("dots-readout");
    this.canvas = element("canvas", { role: "img", "aria-label": "Target of every trial" });
    this.box.append(this.canvas);
    this.near = -1;
    this.controls();
    this.canvas.addEventListener("pointermove", (e) => this.hover(e.offsetX, e.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.hover(-1e9, 0));
    new ResizeObserver(() => this.draw()).observe(this.box);
    CHARTS.push(this);
    this.choose();
  }

  controls() {
    const label = element("label", { class: "check" }, "over"), list = element("select", { id: "dots-x" });
    list.append(element("option", { value: "" }, "order of trials"));
    SWEEP.dims.forEach((d, i) => list.append(element("option", { value: String(i) }, d.name)));
    list.addEventListener("change", () => this.choose());
    label.append(list);
    byId("dots").querySelector(".controls").append(label);
    this.select = list;
  }

  choose() {
    const k = this.select.value, dim = k === "" ? null : SWEEP.dims[Number(k)];
    this.labels = dim ? dim.labels : null;
    this.values = dim ? SWEEP.p[Number(k)] : SWEEP.trial;
    this.name = dim ? dim.name : "trial";
    this.dots = SWEEP.v.map((v, i) => i).filter((i) => this.values[i] !== null);
    this.line = dim ? this.medians() : this.running();
    byId("dots").querySelector(".note").textContent = dim ? "The line joins the median of the trials at each value."
      : "The line is the best found so far.";
    this.near = -1;
    this.draw();
  }

  running() {
    const order = this.dots.slice().sort((a, b) => SWEEP.trial[a] - SWEEP.trial[b]), out = [];
    let best = null;
    for (const i of order) {
      if (best !== null && !better(SWEEP.v[i], best)) continue;
      if (best !== null) out.push([SWEEP.trial[i], best]);
      best = SWEEP.v[i];
      out.push([SWEEP.trial[i], best]);
    }
    if (order.length) out.push([SWEEP.trial[order[order.length - 1]], best]);
    return out;
  }

  medians() {
    const groups = new Map(), levels = new Set(this.dots.map((i) => this.values[i]));
    const low = Math.min(...levels), high = Math.max(...levels), width = levels.size > 40 ? (high - low) / 20 : 0;
    for (const i of this.dots) {
      const v = this.values[i], key = width ? low + (Math.min(19, Math.floor((v - low) / width)) + 0.5) * width : v;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(SWEEP.v[i]);
    }
    return [...groups].sort((a, b) => a[0] - b[0]).map(([x, list]) => [x, medianOf(list)]);
  }

  scale(width, height) {
    const xs = this.dots.map((i) => this.values[i]), ys = this.dots.map((i) => SWEEP.v[i]);
    const span = (list) => {
      let low = Infinity, high = -Infinity;
      for (const v of list) {
        if (v < low) low = v;
        if (v > high) high = v;
      }
      const room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
      return [low - room, high + room];
    };
    [this.left, this.right] = span(xs);
    [this.low, this.high] = span(ys);
    this.x = (v) => 56 + (v - this.left) / (this.right - this.left) * (width - 70);
    this.y = (v) => height - 38 - (v - this.low) / (this.high - this.low) * (height - 50);
  }

  draw() {
    const width = this.box.clientWidth, height = this.box.clientHeight, ratio = window.devicePixelRatio || 1;
    if (!width || !height || !this.dots.length) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const g = this.canvas.getContext("2d"), look = colours();
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = "11px " + getComputedStyle(document.body).fontFamily;
    this.scale(width, height);
    this.axes(g, look, width, height);
    g.globalAlpha = this.dots.length > 2000 ? 0.3 : 0.65;
    for (const i of this.dots) this.dot(g, look, i, this.dots.length > 5000 ? 1.5 : 3);
    g.globalAlpha = 1;
    g.strokeStyle = look.bench;
    g.lineWidth = 1.8;
    g.beginPath();
    for (const [x, y] of this.line) g.lineTo(this.x(x), this.y(y));
    g.stroke();
    this.dot(g, look, 0, 6, true);
    if (this.near >= 0) this.dot(g, look, this.near, 6);
    this.say();
  }

  axes(g, look, width, height) {
    const up = ticks(this.low, this.high, height / 55);
    const across = this.labels ? this.labels.map((l, i) => i) : ticks(this.left, this.right, width / 90);
    g.strokeStyle = look.line;
    g.fillStyle = look.quiet;
    g.lineWidth = 1;
    g.textBaseline = "middle";
    g.textAlign = "center";
    for (const v of across) {
      const x = Math.round(this.x(v)) + 0.5;
      g.beginPath();
      g.moveTo(x, 12);
      g.lineTo(x, height - 38);
      g.stroke();
      g.fillText(this.labels ? String(this.labels[v]) : tickText(v, across[1] - across[0] || 1), x, height - 26);
    }
    g.fillText(this.name, width / 2, height - 9);
    g.textAlign = "right";
    for (const v of up) {
      const y = Math.round(this.y(v)) + 0.5;
      g.beginPath();
      g.moveTo(56, y);
      g.lineTo(width - 14, y);
      g.stroke();
      g.fillText(tickText(v, up[1] - up[0] || 1), 50, y);
    }
  }

  dot(g, look, i, size, ring) {
    g.beginPath();
    g.arc(this.x(this.values[i]), this.y(SWEEP.v[i]), size, 0, 7);
    g.strokeStyle = ring ? look.ink : look.up;
    g.fillStyle = SWEEP.better > 0 && SWEEP.v[i] < 0 ? look.down : look.up;
    g.lineWidth = 2;
    if (ring) g.stroke(); else g.fill();
  }

  hover(x, y) {
    let best = -1, least = 16 * 16;
    for (const i of this.dots) {
      const dx = this.x(this.values[i]) - x, dy = this.y(SWEEP.v[i]) - y;
      if (dx * dx + dy * dy >= least) continue;
      least = dx * dx + dy * dy;
      best = i;
    }
    if (best === this.near) return;
    this.near = best;
    this.draw();
  }

  say() {
    const i = this.near < 0 ? 0 : this.near, value = this.values[i];
    this.readout.textContent = (this.near < 0 ? "best: " : "") + "trial " + SWEEP.trial[i] + ", " + SWEEP.target + " " +
      targetText(SWEEP.v[i]) + (this.name === "trial" || value === null ? "" : ", " + this.name + " " +
      (this.labels ? this.labels[value] : priceText(value)));
  }
}

function startSweep() {
  if (!SWEEP.v.length) {
    byId("surface-map").replaceWith(element("p", { class: "empty" }, "No trial has a target."));
    byId("dots-canvas").replaceWith(element("p", { class: "empty" }, "No trial has a target."));
    return;
  }
  new Surface();
  new Dots();
  legend(byId("dots"), [["trial", "disc"], ["line", "running"]]);
}
