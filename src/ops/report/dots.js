/* Every trial of a sweep: its target over the order of trials or over one parameter; the line is the best so far, or the
 * median of the trials at each value. */

class Dots extends PointChart {
  constructor() {
    super("dots", "Target of every trial");
    this.controls();
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
    this.below = this.name = dim ? dim.name : "trial";
    this.dots = SWEEP.v.map((v, i) => i).filter((i) => this.values[i] !== null);
    this.trace = dim ? this.medians() : this.running();
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
      if (high < low) return [0, 1];
      const room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
      return [low - room, high + room];
    };
    this.span(...span(xs), ...span(ys), width, height);
    if (this.labels) this.across = this.labels.map((l, i) => i);
  }

  plot(g, look) {
    g.globalAlpha = this.dots.length > 2000 ? 0.3 : 0.65;
    for (const i of this.dots) this.dot(g, look, i, this.dots.length > 5000 ? 1.5 : 3);
    g.globalAlpha = 1;
    g.strokeStyle = look.bench;
    g.lineWidth = 1.8;
    g.beginPath();
    for (const [x, y] of this.trace) g.lineTo(this.x(x), this.y(y));
    g.stroke();
    if (this.values[0] !== null) this.dot(g, look, 0, 6, true);
    if (this.near >= 0) this.dot(g, look, this.near, 6);
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
    const k = this.nearest(this.dots.length, (n) => [this.x(this.values[this.dots[n]]), this.y(SWEEP.v[this.dots[n]])], x, y);
    this.tell(k < 0 ? -1 : this.dots[k]);
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
