"use strict";
/* What every part of the page uses: the data, figures as text, colours, small elements. */

const DATA = JSON.parse(document.getElementById("keel-data").textContent);
const MINUS = "\u2212";
const byId = (id) => document.getElementById(id);

/* Differences back to values. */
function summed(deltas) {
  const out = new Float64Array(deltas.length);
  let sum = 0;
  for (let i = 0; i < deltas.length; i++) out[i] = sum += deltas[i];
  return out;
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/* An integer count of 10^-places as text: money is never rounded here. */
function moneyText(count, places) {
  const size = String(Math.abs(count)).padStart(places + 1, "0");
  const whole = grouped(size.slice(0, size.length - places));
  return (count < 0 ? MINUS : "") + whole + (places ? "." + size.slice(size.length - places) : "");
}

function numberText(value, places) {
  const [whole, fraction] = Math.abs(value).toFixed(places).split(".");
  const zero = !/[1-9]/.test(whole + (fraction || ""));
  return (value < 0 && !zero ? MINUS : "") + grouped(whole) + (fraction ? "." + fraction : "");
}

/* A price with the places it has. */
function priceText(value) {
  const text = String(value);
  if (text.includes("e")) return text;
  const [whole, fraction] = text.split(".");
  return grouped(whole) + (fraction ? "." + fraction : "");
}

const two = (n) => String(n).padStart(2, "0");
const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function timeText(seconds) {
  const d = new Date(seconds * 1000);
  return d.getUTCFullYear() + "-" + two(d.getUTCMonth() + 1) + "-" + two(d.getUTCDate()) + " " +
    two(d.getUTCHours()) + ":" + two(d.getUTCMinutes());
}

function spanText(seconds) {
  const d = Math.floor(seconds / 86400), h = Math.floor(seconds / 3600) % 24, m = Math.floor(seconds / 60) % 60;
  return (d ? d + "d " : "") + two(h) + ":" + two(m);
}

/* A new element; text is text, never markup. */
function element(name, attributes, text) {
  const e = document.createElement(name);
  for (const key in attributes || {}) e.setAttribute(key, attributes[key]);
  if (text !== undefined) e.textContent = text;
  return e;
}

/* Colours stand in the style sheet, so that charts follow the theme. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  const names = ["ink", "quiet", "line", "card", "up", "down", "accent", "bench", "stop", "fill-down", "fill-accent"];
  return Object.fromEntries(names.map((name) => [name.replace("-", "_"), of(name)]));
}

/* ---- round numbers for axes ---- */

function niceStep(span, count) {
  const raw = span / Math.max(1, count), power = Math.pow(10, Math.floor(Math.log10(raw)));
  const unit = raw / power;
  return power * (unit <= 1 ? 1 : unit <= 2 ? 2 : unit <= 2.5 ? 2.5 : unit <= 5 ? 5 : 10);
}

function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, count), out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) out.push(i * step);
  return out;
}

/* As few places as tell neighbouring ticks apart. */
function tickText(value, step) {
  const places = Math.max(0, Math.min(8, Math.ceil(-Math.log10(step) - 1e-9)));
  return numberText(value, Math.abs(step * Math.pow(10, places) - Math.round(step * Math.pow(10, places))) > 1e-6
    ? places + 1 : places);
}

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const TIME_STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
  2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY];

/* Instants with their labels: days and hours by even steps, months and years by the calendar. */
function timeTicks(from, to, count) {
  const want = (to - from) / Math.max(1, count), out = [];
  const step = TIME_STEPS.find((s) => s >= want);
  if (step) {
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const d = new Date(t * 1000);
      const midnight = t % DAY === 0;
      out.push([t, midnight ? d.getUTCDate() + " " + MONTH_NAMES[d.getUTCMonth()]
        : two(d.getUTCHours()) + ":" + two(d.getUTCMinutes())]);
    }
    return out;
  }
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find((m) => m * 30.4 * DAY >= want) || 240;
  const first = new Date(from * 1000);
  let month = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months;
  for (; ; month += months) {
    const t = Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000;
    if (t > to) return out;
    if (t >= from) out.push([t, month % 12 === 0 ? String(month / 12) : MONTH_NAMES[month % 12] +
      (months < 3 && out.length ? "" : " " + Math.floor(month / 12))]);
  }
}

/* First index whose value is not below t; values ascend. */
function lowerBound(values, t) {
  let low = 0, high = values.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (values[mid] < t) low = mid + 1; else high = mid;
  }
  return low;
}
