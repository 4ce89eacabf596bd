// Numbers as text, ticks of axes, colours with shapes and dashes beside them (no meaning by colour alone).

const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', 'currentColor'];
const SHAPES = ['circle', 'square', 'triangle', 'diamond'];
const DASHES = ['', '7 4', '2 3', '10 3 2 3'];

const colour = (index) => COLOURS[index % COLOURS.length];
const shape = (index) => SHAPES[((index % COLOURS.length) + Math.floor(index / COLOURS.length)) % SHAPES.length];
const dash = (index) => DASHES[index % DASHES.length];

function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'n/a';
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))} G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(4)));
}

const withUnit = (value, unit) => (unit ? `${short(value)} ${unit}` : short(value));

function ticks(low, high, wanted = 7) {
  if (!(high > low)) return [low];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) found.push(n * step);
  return found;
}

// A scale from values to pixels: linear, or logarithmic with a tick for each power of ten.
function scale(low, high, from, to, log = false) {
  const map = log ? Math.log10 : (value) => value;
  const [a, b] = [map(low), map(high)];
  const at = (value) => from + ((map(value) - a) / (b - a || 1)) * (to - from);
  if (!log) return { at, ticks: ticks(low, high) };
  const powers = [];
  const sparse = b - a > 2.5;
  for (let p = Math.floor(a); p <= Math.ceil(b); p += 1) {
    for (const m of sparse ? [1] : [1, 2, 5]) powers.push(m * 10 ** p);
  }
  return { at, ticks: powers.filter((value) => value >= low && value <= high) };
}

function extent(values, margin = 0.06) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = (high - low) * margin || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}
