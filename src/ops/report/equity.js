/* Equity of the run and its benchmark, or of two runs; below, how far each is under its peak. */

function readCurves() {
  return DATA.curves.map((c, i) => ({
    name: c.name, t: summed(c.t), v: c.v, d: c.d, colour: i === 0 ? "accent" : "bench", dash: i === 0 ? [] : [5, 3]
  })).filter((c) => c.t.length);
}

/* Value of a curve at t: the last sample not after it. */
function sampleAt(curve, t) {
  const i = lowerBound(curve.t, t + 0.5) - 1;
  return Math.max(0, Math.min(i, curve.t.length - 1));
}

function extremes(curves, field, from, to) {
  let low = Infinity, high = -Infinity;
  for (const c of curves) {
    if (!c[field]) continue;
    const first = Math.max(0, lowerBound(c.t, from) - 1), last = Math.min(c.t.length - 1, lowerBound(c.t, to));
    for (let i = first; i <= last; i++) {
      if (c[field][i] < low) low = c[field][i];
      if (c[field][i] > high) high = c[field][i];
    }
  }
  return low === Infinity ? [0, 1] : [low, high];
}

function strokeCurve(g, x, y, curve, values, from, to) {
  const first = Math.max(0, lowerBound(curve.t, from) - 1), last = Math.min(curve.t.length - 1, lowerBound(curve.t, to));
  g.beginPath();
  for (let i = first; i <= last; i++) g.lineTo(x(curve.t[i]), y(values[i]));
  g.stroke();
  return [first, last];
}

function equityPane(curves) {
  return {
    share: 0.7,
    range(from, to) {
      const [low, high] = extremes(curves, "v", from, to), room = (high - low) * 0.05;
      return [low - room, high + room];
    },
    text: tickText,
    draw(g, x, y, chart) {
      for (const c of curves.slice().reverse()) {
        g.strokeStyle = chart.look[c.colour];
        g.lineWidth = c.colour === "accent" ? 1.8 : 1.4;
        g.lineJoin = "round";
        g.setLineDash(c.dash);
        strokeCurve(g, x, y, c, c.v, chart.view[0], chart.view[1]);
        g.setLineDash([]);
      }
    }
  };
}

function drawdownPane(curves) {
  const below = curves.filter((c) => c.d).map((c) => Object.assign({}, c, { under: c.d.map((d) => -d) }));
  return {
    share: 0.3,
    range: (from, to) => [Math.min(extremes(below, "under", from, to)[0], -0.01) * 1.05, 0],
    text: (value, step) => tickText(value, step) + "%",
    draw(g, x, y, chart) {
      for (const c of below) {
        g.strokeStyle = below.length > 1 ? chart.look[c.colour] : chart.look.down;
        g.lineWidth = 1.2;
        g.setLineDash(c.dash);
        const [first, last] = strokeCurve(g, x, y, c, c.under, chart.view[0], chart.view[1]);
        g.setLineDash([]);
        if (below.length > 1) continue;
        g.lineTo(x(c.t[last]), y(0));
        g.lineTo(x(c.t[first]), y(0));
        g.closePath();
        g.fillStyle = chart.look.fill_down;
        g.fill();
      }
    }
  };
}

function legend(box, entries) {
  const list = element("div", { class: "legend", "aria-hidden": "true" });
  for (const [name, kind] of entries) {
    const entry = element("span", {});
    entry.append(element("i", { class: "key " + kind }), document.createTextNode(name));
    list.append(entry);
  }
  box.append(list);
}

/* The second curve can dwarf the first: it can be taken away. */
function benchmarkBox(curve, shown, chart) {
  const label = element("label", { class: "check" }), box = element("input", { type: "checkbox", id: "equity-second" });
  box.checked = true;
  box.addEventListener("change", () => {
    if (box.checked) shown.push(curve); else shown.pop();
    chart.draw();
  });
  label.append(box, document.createTextNode(curve.name));
  byId("equity").querySelector(".controls").prepend(label);
}

function startEquity() {
  const curves = readCurves(), shown = curves.slice(), box = byId("equity-canvas");
  if (!curves.length) {
    box.replaceWith(element("p", { class: "empty" }, "There are no equity samples."));
    return;
  }
  const from = Math.min(...curves.map((c) => c.t[0])), to = Math.max(...curves.map((c) => c.t[c.t.length - 1]));
  const chart = new TimeChart("equity", [equityPane(shown), drawdownPane(curves)], [from, to > from ? to : from + 3600], {
    least: 6 * 3600,
    label: "Equity and drawdown over time. Arrow keys move the cursor, plus and minus zoom.",
    read(t) {
      const out = [["", timeText(curves[0].t[sampleAt(curves[0], t)])]];
      for (const c of curves) {
        const i = sampleAt(c, t);
        out.push([c.name, numberText(c.v[i], 2), c.colour]);
        if (c.d) out.push(["under peak", numberText(-c.d[i], 2) + "%", "down"]);
      }
      return out;
    },
    snap: (t) => curves[0].t[sampleAt(curves[0], t)]
  });
  if (curves.length > 1) benchmarkBox(curves[1], shown, chart);
  legend(byId("equity"), curves.map((c) => [c.name, c.colour]));
  if (DATA.curves.some((c) => c.thinned))
    byId("equity").append(element("p", { class: "thinned" }, "The curve is thinned for the page: of each stretch its lowest, " +
      "highest and last value are kept. More samples are in equity.csv of the run's folder."));
}
