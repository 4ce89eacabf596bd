// A map of many points on a canvas: moved and zoomed, searched by class, each point told when pointed at.

const GRID = 96;

RENDERERS.points = (figure, card) => {
  const canvas = el('canvas', { tabindex: 0, role: 'img', 'aria-label': `${figure.title}; ${figure.ids.length} points. Arrow keys move, plus and minus zoom, n and p walk the points.` });
  const view = { zoom: 1, x: 0, y: 0, wide: 0, high: 0 };
  const state = { wanted: null, current: -1 };
  const cells = index(figure);
  const sprites = {};
  const legend = el('div', { class: 'legend' });
  const search = el('input', { type: 'search', placeholder: 'part of a class or an id', on: { input: () => find(search.value) } });
  const count = el('span', { class: 'count', role: 'status' });
  card.controls.append(el('label', { class: 'choice' }, el('span', {}, 'search'), search), count, legend);
  card.svgFile = () => pointsSvg(figure, state.wanted);

  function chip(name, number, size) {
    return el('button', { type: 'button', 'aria-pressed': 'false', on: { click: () => { search.value = search.value === name ? '' : name; find(search.value); } } },
      sv('svg', { width: 14, height: 14, 'aria-hidden': 'true' }, marker(shape(number), 7, 7, 4.5, { fill: colour(number) })), `${name} (${size})`);
  }
  const sizes = new Map();
  figure.labels.forEach((label) => sizes.set(label, (sizes.get(label) || 0) + 1));
  figure.classes.slice(0, 28).forEach((name, number) => legend.append(chip(name, number, sizes.get(number) || 0)));
  if (figure.classes.length > 28) legend.append(el('span', {}, `and ${figure.classes.length - 28} more classes: search for them`));

  function find(text) {
    const part = text.trim().toLowerCase();
    const chosen = new Set(figure.classes.flatMap((name, number) => (name.toLowerCase().includes(part) ? [number] : [])));
    state.wanted = part ? figure.labels.map((label, i) => chosen.has(label) || figure.ids[i].toLowerCase().includes(part)) : null;
    state.current = -1;
    const found = state.wanted ? state.wanted.filter(Boolean).length : figure.ids.length;
    count.textContent = part ? `${found} of ${figure.ids.length} points` : `${found} points`;
    legend.querySelectorAll('button').forEach((button, number) => button.setAttribute('aria-pressed', String(Boolean(part) && chosen.has(number))));
    draw();
  }

  const place = (i) => {
    const half = Math.min(view.wide, view.high) / 2 - 12;
    return [view.wide / 2 + (figure.x[i] * view.zoom + view.x) * half, view.high / 2 - (figure.y[i] * view.zoom + view.y) * half];
  };

  // By size, then faint or not, then class: looked up for each point of each frame.
  function sprite(number, size, faint, width) {
    if (sprites.size !== size || sprites.width !== width) Object.assign(sprites, { size, width, plain: [], faint: [] });
    const known = faint ? sprites.faint : sprites.plain;
    if (!known[number + 1]) known[number + 1] = drawSprite(number, size, faint, width, getComputedStyle(canvas));
    return known[number + 1];
  }

  let waiting = false;
  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paint(); });
  }

  function paint() {
    const started = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height) return;
    Object.assign(view, { wide: canvas.clientWidth, high: canvas.clientHeight });
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    const picture = new ImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    pixels.fill(packed(getComputedStyle(document.body).backgroundColor));
    const size = Math.max(2.2, Math.min(6, 60 / Math.sqrt(figure.ids.length) + 1.4)) * Math.min(1.8, Math.sqrt(view.zoom));
    const half = (Math.min(view.wide, view.high) / 2 - 12) * ratio;
    for (const faint of state.wanted ? [true, false] : [false]) {
      for (let i = 0; i < figure.ids.length; i += 1) {
        if (state.wanted && state.wanted[i] === faint) continue;
        const x = Math.round(width / 2 + (figure.x[i] * view.zoom + view.x) * half);
        const y = Math.round(height / 2 - (figure.y[i] * view.zoom + view.y) * half);
        stamp(pixels, width, height, sprite(figure.labels[i], size, faint, width), x, y);
      }
    }
    context.putImageData(picture, 0, 0);
    if (state.current >= 0) {
      const [x, y] = place(state.current);
      context.scale(ratio, ratio);
      context.strokeStyle = getComputedStyle(canvas).color;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, y, size + 5, 0, 2 * Math.PI);
      context.stroke();
    }
    canvas.dataset.drawMs = (performance.now() - started).toFixed(1);
  }

  function tell(i, x, y) {
    state.current = i;
    draw();
    if (i < 0) { hideTip(); return; }
    const label = figure.labels[i] < 0 ? 'no label' : figure.classes[figure.labels[i]];
    showTip([figure.ids[i], label], x, y, figure.thumbnails[i]);
  }

  // Only the cells of the index near the pointer are looked through.
  function nearest(px, py) {
    const half = Math.min(canvas.clientWidth, canvas.clientHeight) / 2 - 12;
    const x = ((px - canvas.clientWidth / 2) / half - view.x) / view.zoom;
    const y = ((canvas.clientHeight / 2 - py) / half - view.y) / view.zoom;
    const reach = 14 / half / view.zoom;
    let best = -1;
    let least = reach * reach;
    for (let column = cellOf(x - reach); column <= cellOf(x + reach); column += 1) {
      for (let row = cellOf(y - reach); row <= cellOf(y + reach); row += 1) {
        for (const i of cells.get(column * GRID + row) || []) {
          const far = (figure.x[i] - x) ** 2 + (figure.y[i] - y) ** 2;
          if (far <= least && (!state.wanted || state.wanted[i])) [best, least] = [i, far];
        }
      }
    }
    return best;
  }

  function zoom(factor, px = canvas.clientWidth / 2, py = canvas.clientHeight / 2) {
    const half = Math.min(canvas.clientWidth, canvas.clientHeight) / 2 - 12;
    const [dx, dy] = [(px - canvas.clientWidth / 2) / half, (canvas.clientHeight / 2 - py) / half];
    const next = Math.max(0.5, Math.min(200, view.zoom * factor));
    view.x = dx - ((dx - view.x) * next) / view.zoom;
    view.y = dy - ((dy - view.y) * next) / view.zoom;
    view.zoom = next;
    draw();
  }

  const fingers = new Map();
  canvas.addEventListener('pointerdown', (event) => { fingers.set(event.pointerId, event); canvas.setPointerCapture(event.pointerId); });
  for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener('pointerleave', () => { if (!fingers.size) tell(-1); });
  canvas.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) { tell(nearest(event.offsetX, event.offsetY), event.clientX, event.clientY); return; }
    const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    if (other) {
      const far = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY) || 1;
      zoom(far(event) / far(before), (event.offsetX + other.offsetX) / 2, (event.offsetY + other.offsetY) / 2);
    } else {
      const half = Math.min(canvas.clientWidth, canvas.clientHeight) / 2 - 12;
      view.x += (event.clientX - before.clientX) / half;
      view.y -= (event.clientY - before.clientY) / half;
      draw();
    }
    fingers.set(event.pointerId, event);
  });
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
  }, { passive: false });

  function step(by) {
    const points = figure.ids.map((_, i) => i).filter((i) => !state.wanted || state.wanted[i]);
    if (!points.length) return;
    const at = points.indexOf(state.current);
    const next = points[(at + by + points.length) % points.length] ?? points[0];
    const [x, y] = place(next);
    const box = canvas.getBoundingClientRect();
    tell(next, box.left + x, box.top + y);
  }
  const keys = {
    ArrowLeft: () => { view.x += 0.1; draw(); }, ArrowRight: () => { view.x -= 0.1; draw(); },
    ArrowUp: () => { view.y -= 0.1; draw(); }, ArrowDown: () => { view.y += 0.1; draw(); },
    '+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8),
    0: () => { Object.assign(view, { zoom: 1, x: 0, y: 0 }); draw(); },
    n: () => step(1), p: () => step(-1), Escape: () => tell(-1),
  };
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  const data = () => ({
    columns: ['id', 'class', 'x', 'y'],
    rows: figure.ids.map((id, i) => [id, figure.labels[i] < 0 ? '' : figure.classes[figure.labels[i]], figure.x[i], figure.y[i]]),
  });
  card.show(canvas, data);
  card.svgButton.hidden = false;
  const facts = Object.entries(figure.numbers).filter(([, value]) => typeof value === 'number');
  if (facts.length) card.node.querySelector('figcaption').prepend(el('p', {}, facts.map(([name, value]) => `${name} ${short(value)}`).join(', ')));
  const repaint = () => { sprites.size = null; draw(); };
  document.addEventListener('themechange', repaint);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  find('');
  return draw;
};

const cellOf = (value) => Math.max(0, Math.min(GRID - 1, Math.floor(((value + 1) / 2) * GRID)));

function index(figure) {
  const cells = new Map();
  for (let i = 0; i < figure.ids.length; i += 1) {
    const key = cellOf(figure.x[i]) * GRID + cellOf(figure.y[i]);
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(i);
  }
  return cells;
}

function pointsSvg(figure, wanted) {
  const size = figure.ids.length > 2000 ? 1.6 : 4;
  const ink = getComputedStyle(document.body).color;
  const paper = getComputedStyle(document.body).backgroundColor;
  const svg = sv('svg', { xmlns: SVG, viewBox: '0 0 800 800', width: 800, height: 800 }, sv('rect', { width: 800, height: 800, fill: paper }));
  figure.ids.forEach((_, i) => {
    const faint = wanted && !wanted[i];
    const hue = faint || figure.labels[i] < 0 ? '#8a8f94' : colour(figure.labels[i]).replace('currentColor', ink);
    svg.append(marker(shape(Math.max(0, figure.labels[i])), 400 + figure.x[i] * 380, 400 - figure.y[i] * 380, size, { fill: hue, opacity: faint ? 0.2 : 0.85 }));
  });
  return new XMLSerializer().serializeToString(svg);
}
