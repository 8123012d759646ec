/* The heat map of a sweep: two parameters across and up, and of the trials in each cell the best, the median or the
 * count. Colours are mixed from the theme's, so that they follow it. */

const SWEEP = DATA.sweep || null;
const LEVELS_MAX = 16, STRETCHES = 12;
const MEASURES = {
  best: ["best", (list) => list.reduce((a, b) => (better(b, a) ? b : a))],
  median: ["median", medianOf],
  worst: ["worst", (list) => list.reduce((a, b) => (better(b, a) ? a : b))],
  count: ["number of trials", (list) => list.length]
};

function better(a, b) {
  return SWEEP.better > 0 ? a > b : a < b;
}

function medianOf(list) {
  const sorted = list.slice().sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/* At least four figures, never more than six: 0.1234, 12.34, 1234.5 */
function targetText(value) {
  const size = Math.abs(value);
  return numberText(value, size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4);
}

function shortText(value) {
  const size = Math.abs(value);
  return numberText(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/* The first and the last value of a stretch: as short as tells them apart. */
function stretchText(from, to, span) {
  const text = (v) => (priceText(v).length <= 6 ? priceText(v) : tickText(v, span / 100));
  return from === to ? text(from) : text(from) + "\u2013\u200b" + text(to);
}

/* The levels of a parameter: its labels, its values, or, of more than fit, neighbours put together, as many in each. */
function axisOf(k) {
  const dim = SWEEP.dims[k], values = SWEEP.p[k];
  if (dim.labels) return { name: dim.name, texts: dim.labels.map(String), at: (i) => values[i] };
  const levels = [...new Set(values.filter((v) => v !== null))].sort((a, b) => a - b), most = levels.length;
  const count = most <= LEVELS_MAX ? most : STRETCHES, texts = [];
  const places = new Map(levels.map((v, i) => [v, Math.floor((i * count) / most)]));
  const first = (c) => Math.ceil((c * most) / count);
  for (let c = 0; c < count; c++) {
    texts.push(stretchText(levels[first(c)], levels[first(c + 1) - 1], levels[most - 1] - levels[0]));
  }
  return { name: dim.name, texts, at: (i) => (values[i] === null ? -1 : places.get(values[i])) };
}

class Surface {
  constructor() {
    const order = SWEEP.dims.map((d, i) => i).sort((a, b) => (SWEEP.dims[b].share || 0) - (SWEEP.dims[a].share || 0));
    const named = SWEEP.dims.map((d, i) => [String(i), d.name]);
    this.readout = byId("surface-readout");
    this.box = byId("surface-map");
    this.across = this.select("surface-x", "across", named, String(order[0]));
    this.up = this.select("surface-y", "up", [...named, ["", "none"]], order.length > 1 ? String(order[1]) : "");
    this.measure = this.select("surface-m", "show", Object.keys(MEASURES).map((key) => [key, MEASURES[key][0]]), "best");
    this.box.addEventListener("pointerover", (e) => this.point(e.target.closest("td")));
    this.box.addEventListener("focusin", (e) => this.point(e.target.closest("td")));
    this.draw();
  }

  select(id, text, options, chosen) {
    const label = element("label", { class: "check" }, text), list = element("select", { id });
    for (const [value, name] of options) list.append(element("option", { value }, name));
    list.value = chosen;
    list.addEventListener("change", () => this.draw());
    label.append(list);
    byId("surface-controls").append(label);
    return list;
  }

  cells(x, y) {
    const cells = y.texts.map(() => x.texts.map(() => []));
    for (let i = 0; i < SWEEP.v.length; i++) {
      const column = x.at(i), row = y.at(i);
      if (column >= 0 && row >= 0) cells[row][column].push(i);
    }
    return cells;
  }

  draw() {
    const x = axisOf(Number(this.across.value));
    const y = this.up.value === "" ? { name: "", texts: [""], at: () => 0 } : axisOf(Number(this.up.value));
    const of = MEASURES[this.measure.value][1], cells = this.cells(x, y);
    const values = cells.map((row) => row.map((list) => (list.length ? of(list.map((i) => SWEEP.v[i])) : null)));
    const known = values.flat().filter((v) => v !== null);
    this.x = x;
    this.y = y;
    this.low = Math.min(...known);
    this.high = Math.max(...known);
    this.box.replaceChildren(this.table(values, cells));
    this.say(cells.flat().find((list) => list.includes(0)) || []);
  }

  table(values, cells) {
    const table = element("table", { class: "surface" }), head = element("tr"), body = element("tbody");
    const wide = this.x.texts.length > 9;
    for (let r = values.length - 1; r >= 0; r--) {
      const line = element("tr");
      line.append(element("th", { scope: "row" }, (r === values.length - 1 && this.y.name ? this.y.name + "  " : "") + this.y.texts[r]));
      values[r].forEach((value, c) => line.append(this.cell(value, cells[r][c], wide)));
      body.append(line);
    }
    head.append(element("th", { scope: "col" }, this.x.name + " \u2192"));
    for (const text of this.x.texts) head.append(element("th", { scope: "col" }, text));
    const foot = element("tfoot");
    foot.append(head);
    table.append(body, foot);
    return table;
  }

  cell(value, list, wide) {
    const cell = element("td", { tabindex: value === null ? "-1" : "0" }, value === null ? "" : wide ? shortText(value) : targetText(value));
    cell.trials = list;
    if (value === null) return cell;
    const share = this.share(value);
    cell.style.setProperty("--mix", Math.round(6 + 94 * Math.abs(share)) + "%");
    cell.className = (share < 0 ? "cold" : "warm") + (list.includes(0) ? " best" : "");
    return cell;
  }

  /* -1 to 1: away from zero when both signs occur; else 0 to 1 from the worst to the best. */
  share(value) {
    const count = this.measure.value === "count";
    if (!count && SWEEP.better > 0 && this.low < 0) {
      const most = Math.max(-this.low, this.high, 0);
      return most > 0 ? value / most : 0;
    }
    if (this.high <= this.low) return 0.5;
    const from = count || SWEEP.better > 0 ? this.low : this.high, to = count || SWEEP.better > 0 ? this.high : this.low;
    return (value - from) / (to - from);
  }

  point(cell) {
    if (cell && cell.trials && cell.trials.length) this.say(cell.trials);
  }

  /* Trials are in order of how good, so the first of a cell is its best. */
  say(list) {
    if (!list.length) return;
    const best = list[0], parts = [["trial", String(SWEEP.trial[best])], [SWEEP.target, targetText(SWEEP.v[best])]];
    SWEEP.dims.forEach((dim, k) => {
      const value = SWEEP.p[k][best];
      if (value !== null) parts.push([dim.name, dim.labels ? String(dim.labels[value]) : priceText(value)]);
    });
    parts.push(["trials in the cell", String(list.length)], ["", "--trial " + SWEEP.hash[best]]);
    this.readout.replaceChildren(...parts.map(([name, value]) => {
      const part = element("span", { class: "part" });
      if (name) part.append(element("span", { class: "name" }, name));
      part.append(element("b", {}, value));
      return part;
    }));
  }
}
