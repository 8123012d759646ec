/* Charts of points that are not over time: a canvas in its box, round axes, and the point nearest to the pointer.
 *
 * Who extends it has scale(width, height), plot(g, look), say(), and sets this.x and this.y from values to pixels. */

const POINTS = { left: 60, right: 15, top: 13, bottom: 39, reach: 17 };

class PointChart {
  constructor(id, label) {
    this.box = byId(id + "-canvas");
    this.readout = byId(id + "-readout");
    this.canvas = element("canvas", { role: "img", "aria-label": label });
    this.box.append(this.canvas);
    this.near = -1;
    this.canvas.addEventListener("pointermove", (e) => this.hover(e.offsetX, e.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.hover(-1e9, 0));
    new ResizeObserver(() => this.draw()).observe(this.box);
    CHARTS.push(this);
  }

  /* Pixels of a value: axes from [left, right] and [low, high]. */
  span(left, right, low, high, width, height) {
    const wide = width - POINTS.left - POINTS.right, tall = height - POINTS.top - POINTS.bottom;
    this.x = (v) => POINTS.left + (v - left) / (right - left) * wide;
    this.y = (v) => height - POINTS.bottom - (v - low) / (high - low) * tall;
    this.across = ticks(left, right, width / 90);
    this.up = ticks(low, high, height / 58);
  }

  draw() {
    const width = this.box.clientWidth, height = this.box.clientHeight, ratio = window.devicePixelRatio || 1;
    if (!width || !height) return;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const g = this.canvas.getContext("2d"), look = colours();
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    g.font = "11px " + getComputedStyle(document.body).fontFamily;
    this.scale(width, height);
    this.grid(g, look, width, height);
    this.plot(g, look);
    this.say();
  }

  /* Lines and labels; this.labels, where there are any, stand for the values of the lower axis. */
  grid(g, look, width, height) {
    const text = (v, all) => tickText(v, all[1] - all[0] || 1);
    g.strokeStyle = look.line;
    g.fillStyle = look.quiet;
    g.lineWidth = 1;
    g.textBaseline = "middle";
    g.textAlign = "center";
    for (const v of this.across) {
      const x = Math.round(this.x(v)) + 0.5;
      this.line(g, x, POINTS.top, x, height - POINTS.bottom);
      g.fillText(this.labels ? String(this.labels[v]) : text(v, this.across), x, height - 26);
    }
    g.fillText(this.below, width / 2, height - 9);
    g.textAlign = "right";
    for (const v of this.up) {
      const y = Math.round(this.y(v)) + 0.5;
      this.line(g, POINTS.left, y, width - POINTS.right, y);
      g.fillText(text(v, this.up), POINTS.left - 6, y);
    }
    g.textAlign = "left";
    if (this.beside) g.fillText(this.beside, 8, 6);
  }

  line(g, x0, y0, x1, y1) {
    g.beginPath();
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
    g.stroke();
  }

  /* Of the points [count], each at [x(i), y(i)]: the nearest within reach becomes the one that is told. */
  nearest(count, at, x, y) {
    let best = -1, least = POINTS.reach * POINTS.reach;
    for (let k = 0; k < count; k++) {
      const [px, py] = at(k), far = (px - x) * (px - x) + (py - y) * (py - y);
      if (far >= least) continue;
      least = far;
      best = k;
    }
    return best;
  }

  tell(i) {
    if (i === this.near) return;
    this.near = i;
    this.draw();
  }
}
