/* A chart over time on a canvas: panes below each other share one time axis. Drag to move, wheel over a chosen chart or
 * pinch to zoom, arrow keys and + - when it has the focus, double click for everything.
 *
 * A pane: {share, range(t0, t1) -> [low, high], draw(g, x, y, chart), text(value, step), label}. */

const CHARTS = [];
const AXIS_RIGHT = 74, AXIS_BOTTOM = 24, PANE_GAP = 14, TOP = 10;

class TimeChart {
  constructor(id, panes, extent, options) {
    this.box = byId(id + "-canvas");
    this.readout = byId(id + "-readout");
    this.panes = panes;
    this.extent = extent;
    this.options = options;
    this.view = extent.slice();
    this.cursor = null;
    this.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": options.label });
    this.box.append(this.canvas);
    this.pointers = new Map();
    this.listen();
    for (const button of byId(id).querySelectorAll("button[data-do]"))
      button.addEventListener("click", () => this.command(button.dataset.do));
    new ResizeObserver(() => this.resize()).observe(this.box);
    CHARTS.push(this);
    this.resize();
  }

  resize() {
    const width = this.box.clientWidth, height = this.box.clientHeight, ratio = window.devicePixelRatio || 1;
    if (!width || !height) return;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.ratio = ratio;
    this.draw();
  }

  get plotWidth() { return this.width - AXIS_RIGHT; }
  x(t) { return (t - this.view[0]) / (this.view[1] - this.view[0]) * this.plotWidth; }
  time(x) { return this.view[0] + x / this.plotWidth * (this.view[1] - this.view[0]); }

  show(from, to) {
    const least = this.options.least, whole = this.extent[1] - this.extent[0];
    let span = Math.min(Math.max(to - from, Math.min(least, whole)), whole);
    let start = (from + to - span) / 2;
    start = Math.min(Math.max(start, this.extent[0]), this.extent[1] - span);
    this.view = [start, start + span];
    this.draw();
  }

  zoom(factor, at) {
    const centre = at === undefined ? (this.view[0] + this.view[1]) / 2 : at;
    this.show(centre - (centre - this.view[0]) * factor, centre + (this.view[1] - centre) * factor);
  }

  move(share) {
    const by = (this.view[1] - this.view[0]) * share;
    const kept = Math.max(this.extent[0] - this.view[0], Math.min(this.extent[1] - this.view[1], by));
    this.show(this.view[0] + kept, this.view[1] + kept);
  }

  command(what) {
    if (what === "in") this.zoom(0.6);
    else if (what === "out") this.zoom(1 / 0.6);
    else if (what === "all") this.show(this.extent[0], this.extent[1]);
  }

  listen() {
    const c = this.canvas;
    c.addEventListener("pointerdown", (e) => {
      this.pointers.set(e.pointerId, e.offsetX);
      c.setPointerCapture(e.pointerId);
    });
    c.addEventListener("pointermove", (e) => this.pointerMoved(e));
    for (const name of ["pointerup", "pointercancel"])
      c.addEventListener(name, (e) => this.pointers.delete(e.pointerId));
    c.addEventListener("pointerleave", () => this.point(null));
    c.addEventListener("dblclick", () => this.command("all"));
    c.addEventListener("wheel", (e) => {
      /* the page scrolls over a chart that nobody chose */
      if (document.activeElement !== c && !e.ctrlKey) return;
      e.preventDefault();
      if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) this.move(e.deltaX / this.plotWidth);
      else this.zoom(Math.pow(1.0015, e.deltaY), this.time(e.offsetX));
    }, { passive: false });
    c.addEventListener("keydown", (e) => this.key(e));
  }

  pointerMoved(e) {
    const before = this.pointers.get(e.pointerId);
    if (before === undefined) {
      this.point(e.offsetX);
      return;
    }
    if (this.pointers.size === 1) {
      this.move((before - e.offsetX) / this.plotWidth);
    } else {
      const other = [...this.pointers].find(([id]) => id !== e.pointerId)[1];
      const wide = Math.abs(before - other), now = Math.abs(e.offsetX - other);
      if (wide > 4 && now > 4) this.zoom(wide / now, this.time((other + e.offsetX) / 2));
    }
    this.pointers.set(e.pointerId, e.offsetX);
    this.point(e.offsetX);
  }

  key(e) {
    const step = (this.view[1] - this.view[0]) / 60;
    const at = this.cursor === null ? (this.view[0] + this.view[1]) / 2 : this.cursor;
    const keys = {
      ArrowLeft: () => (e.shiftKey ? this.move(-0.2) : this.point(this.x(at - step))),
      ArrowRight: () => (e.shiftKey ? this.move(0.2) : this.point(this.x(at + step))),
      "+": () => this.zoom(0.6, at), "=": () => this.zoom(0.6, at), "-": () => this.zoom(1 / 0.6, at),
      Home: () => this.command("all"), Escape: () => this.point(null)
    };
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  }

  /* Cursor at x of the plot; null: none. */
  point(x) {
    this.cursor = x === null ? null : this.time(Math.max(0, Math.min(this.plotWidth, x)));
    this.draw();
  }

  say(t) {
    this.readout.replaceChildren();
    for (const [name, value, tone] of this.options.read(t === null ? this.view[1] : t)) {
      const part = element("span", { class: "part" });
      if (name) part.append(element("span", { class: "name" }, name));
      part.append(element("b", { class: tone || "" }, value));
      this.readout.append(part);
    }
  }

  draw() {
    if (!this.width || this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      this.paint();
    });
  }

  paint() {
    const g = this.canvas.getContext("2d"), look = colours();
    this.look = look;
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    g.font = "11px " + getComputedStyle(document.body).fontFamily;
    g.textBaseline = "middle";
    const room = this.height - TOP - AXIS_BOTTOM - PANE_GAP * (this.panes.length - 1);
    let top = TOP;
    this.paintTimes(g, look);
    for (const pane of this.panes) {
      const height = room * pane.share;
      this.paintPane(g, look, pane, top, height);
      top += height + PANE_GAP;
    }
    if (this.cursor !== null) this.paintCursor(g, look);
    this.say(this.cursor);
  }

  paintTimes(g, look) {
    const labels = timeTicks(this.view[0], this.view[1], this.plotWidth / 96);
    g.fillStyle = look.quiet;
    g.strokeStyle = look.line;
    g.lineWidth = 1;
    g.textAlign = "center";
    for (const [t, text] of labels) {
      const x = Math.round(this.x(t)) + 0.5;
      g.beginPath();
      g.moveTo(x, TOP);
      g.lineTo(x, this.height - AXIS_BOTTOM);
      g.stroke();
      const half = g.measureText(text).width / 2;
      if (x > half && x < this.width - half) g.fillText(text, x, this.height - AXIS_BOTTOM + 13);
    }
  }

  paintPane(g, look, pane, top, height) {
    let [low, high] = pane.range(this.view[0], this.view[1]);
    if (!(high > low)) {
      const around = Math.abs(low) > 0 ? Math.abs(low) * 0.01 : 1;
      [low, high] = [low - around, high + around];
    }
    const y = (value) => top + (high - value) / (high - low) * height;
    const marks = ticks(low, high, Math.max(2, height / 44)), step = marks.length > 1 ? marks[1] - marks[0] : high - low;
    g.textAlign = "left";
    g.lineWidth = 1;
    for (const value of marks) {
      const at = Math.round(y(value)) + 0.5;
      g.strokeStyle = look.line;
      g.beginPath();
      g.moveTo(0, at);
      g.lineTo(this.plotWidth, at);
      g.stroke();
      g.fillStyle = look.quiet;
      g.fillText(pane.text(value, step), this.plotWidth + 8, at);
    }
    g.save();
    g.beginPath();
    g.rect(0, top - 6, this.plotWidth, height + 12);
    g.clip();
    pane.draw(g, (t) => this.x(t), y, this);
    g.restore();
  }

  paintCursor(g, look) {
    const x = Math.round(this.x(this.options.snap ? this.options.snap(this.cursor) : this.cursor)) + 0.5;
    g.strokeStyle = look.quiet;
    g.setLineDash([3, 3]);
    g.beginPath();
    g.moveTo(x, TOP);
    g.lineTo(x, this.height - AXIS_BOTTOM);
    g.stroke();
    g.setLineDash([]);
  }
}
