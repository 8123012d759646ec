/* MAE against MFE: discs are winners, rings are losers, so that they differ without colour. */

class Scatter {
  constructor(onChoose) {
    this.box = byId("scatter-canvas");
    this.readout = byId("scatter-readout");
    this.canvas = element("canvas", { role: "img", "aria-label": "Scatter of worst open loss and best open profit of each trade" });
    this.box.append(this.canvas);
    this.near = -1;
    this.canvas.addEventListener("pointermove", (e) => this.hover(e.offsetX, e.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.hover(-1e9, 0));
    this.canvas.addEventListener("click", () => this.near >= 0 && onChoose(this.near));
    new ResizeObserver(() => this.draw()).observe(this.box);
    CHARTS.push(this);
    this.unit = Math.pow(10, -DATA.places);
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
    this.axes(g, look, width, height);
    g.globalAlpha = TRADES.n > 2000 ? 0.35 : 0.75;
    for (let i = 0; i < TRADES.n; i++) this.mark(g, look, i, TRADES.n > 5000 ? 1.6 : 3.2);
    g.globalAlpha = 1;
    if (this.near >= 0) this.mark(g, look, this.near, 7);
    this.say();
  }

  scale(width, height) {
    let right = 0, top = 0;
    for (let i = 0; i < TRADES.n; i++) {
      right = Math.max(right, -TRADES.mae[i] * this.unit);
      top = Math.max(top, TRADES.mfe[i] * this.unit);
    }
    this.right = (right || 1) * 1.04;
    this.top = (top || 1) * 1.04;
    this.x = (v) => 62 + v / this.right * (width - 78);
    this.y = (v) => height - 40 - v / this.top * (height - 56);
  }

  axes(g, look, width, height) {
    g.strokeStyle = look.line;
    g.fillStyle = look.quiet;
    g.lineWidth = 1;
    g.textBaseline = "middle";
    const across = ticks(0, this.right, width / 90), up = ticks(0, this.top, height / 60);
    g.textAlign = "center";
    for (const v of across) {
      const x = Math.round(this.x(v)) + 0.5;
      g.beginPath();
      g.moveTo(x, 14);
      g.lineTo(x, height - 40);
      g.stroke();
      g.fillText(tickText(v, across[1] - across[0] || 1), x, height - 27);
    }
    g.fillText("worst open loss (MAE), USD", width / 2, height - 9);
    g.textAlign = "right";
    for (const v of up) {
      const y = Math.round(this.y(v)) + 0.5;
      g.beginPath();
      g.moveTo(62, y);
      g.lineTo(width - 16, y);
      g.stroke();
      g.fillText(tickText(v, up[1] - up[0] || 1), 56, y);
    }
    g.textAlign = "left";
    g.fillText("best open profit (MFE), USD", 8, 6);
  }

  mark(g, look, i, size) {
    const won = TRADES.pnl[i] > 0;
    g.beginPath();
    g.arc(this.x(-TRADES.mae[i] * this.unit), this.y(TRADES.mfe[i] * this.unit), size, 0, 7);
    g.strokeStyle = g.fillStyle = won ? look.up : look.down;
    g.lineWidth = 1.4;
    if (won) g.fill(); else g.stroke();
  }

  hover(x, y) {
    let best = -1, least = 18 * 18;
    for (let i = 0; i < TRADES.n; i++) {
      const dx = this.x(-TRADES.mae[i] * this.unit) - x, dy = this.y(TRADES.mfe[i] * this.unit) - y;
      if (dx * dx + dy * dy < least) {
        least = dx * dx + dy * dy;
        best = i;
      }
    }
    if (best === this.near) return;
    this.near = best;
    this.draw();
  }

  say() {
    const i = this.near;
    this.readout.textContent = i < 0 ? TRADES.n + " trades. Point at one to read it, choose it to see it on the price."
      : "trade " + TRADES.id[i] + ", " + DATA.symbols[TRADES.sym[i]] + ": MAE " + moneyText(TRADES.mae[i], DATA.places) +
        ", MFE " + moneyText(TRADES.mfe[i], DATA.places) + ", result " + moneyText(TRADES.pnl[i], DATA.places) + " USD";
  }
}

function startScatter(onChoose) {
  if (!TRADES.n) {
    byId("scatter-canvas").replaceWith(element("p", { class: "empty" }, "There was no trade."));
    return;
  }
  new Scatter(onChoose).draw();
  legend(byId("scatter"), [["gain", "disc"], ["loss", "ring"]]);
}
