// Points over two numbers: appearance against motion, and accuracy against cost.

function plot(card, points, names, data, options = {}) {
  const width = card.width;
  const height = Math.min(460, Math.max(300, width * 0.62));
  const box = { left: 52, right: width - 16, top: 30, bottom: height - 46 };
  const svg = drawing(width, height, card.figure.title);
  if (!points.length) {
    card.show(el('p', { class: 'none' }, 'nothing to draw: no row has both numbers'), data);
    return;
  }
  const spread = (axis) => points.flatMap((p) => [p[axis], ...(p[`${axis}ci`] || [])]);
  const room = new Set(spread('x')).size > 1 ? 1.4 : 3;
  const [x0, x1] = options.log ? [Math.min(...spread('x')) / room, Math.max(...spread('x')) * room] : extent(spread('x'));
  const x = scale(x0, x1, box.left, box.right, options.log);
  const y = scale(...extent(spread('y')), box.bottom, box.top);
  frame(svg, box, x, y, names);
  for (const [axis, value] of options.lines || []) {
    const inside = axis === 'x' ? value >= x0 && value <= x1 : y.at(value) <= box.bottom && y.at(value) >= box.top;
    if (inside && axis === 'x') svg.append(line(x.at(value), box.top, x.at(value), box.bottom, { class: 'chance' }));
    if (inside && axis === 'y') svg.append(line(box.left, y.at(value), box.right, y.at(value), { class: 'chance' }));
  }
  const marks = points.map((point, index) => {
    const [px, py] = [x.at(point.x), y.at(point.y)];
    const style = { stroke: colour(index), class: 'whisker' };
    if (point.xci) svg.append(line(x.at(point.xci[0]), py, x.at(point.xci[1]), py, style));
    if (point.yci) svg.append(line(px, y.at(point.yci[0]), px, y.at(point.yci[1]), style));
    const node = marker(shape(index), px, py, 6, point.published
      ? { fill: 'var(--paper)', stroke: colour(index), 'stroke-width': 2, class: 'mark' } : { fill: colour(index), class: 'mark' });
    svg.append(node);
    return [node, point.lines];
  });
  placeLabels(svg, points.map((p) => ({ x: x.at(p.x), y: y.at(p.y), label: cut(marked(p), 210), crossed: Boolean(p.xci) })), box);
  card.show(svg, data, marks);
}

const marked = (p) => (p.marks ? `${p.name} ${p.marks}` : p.name);

RENDERERS.scatter = (figure, card) => {
  const { x, y } = figure;
  const bounds = (mean) => (mean.ci95 ? `, 95 % [${short(mean.ci95[0])}, ${short(mean.ci95[1])}]` : '');
  const said = (mean, name, unit) => `${name}: ${withUnit(mean.value, unit)}${bounds(mean)}`;
  const points = figure.points.map((p) => ({
    name: p.name, marks: p.marks, published: p.published,
    x: p.x.value, y: p.y.value, xci: p.x.ci95, yci: p.y.ci95,
    lines: [marked(p) + (p.published ? ' (published)' : ''), said(p.x, 'appearance', x.unit), said(p.y, 'motion', y.unit),
      [...p.x.parts, ...p.y.parts].map(([name, value]) => `${name} ${short(value)}`).join(', ')],
  }));
  const chance = ['x', 'y'].flatMap((axis) => {
    const known = figure.points.map((p) => p[axis].chance).find((value) => value !== null);
    return known === undefined ? [] : [[axis, known]];
  });
  const row = (p) => [p.name, p.published ? 'yes' : 'no', p.marks.trim(), ...[p.x, p.y].flatMap((m) => [m.value, ...(m.ci95 || [null, null])])];
  const data = () => ({
    columns: ['backbone', 'published', 'marks', 'appearance', 'appearance low', 'appearance high', 'motion', 'motion low', 'motion high'],
    rows: figure.points.map(row),
  });
  const draw = () => plot(card, points, { x: `${x.name} (${x.unit}) →`, y: `↑ ${y.name} (${y.unit})` }, data, { lines: chance });
  draw();
  return draw;
};

RENDERERS.cost = (figure, card) => {
  const known = figure.axes.filter(([name]) => figure.rows.some((row) => row.costs[name]));
  if (!known.length) {
    card.place.append(el('p', { class: 'none' }, 'nothing to draw: no cost is known'));
    return null;
  }
  const varied = known.findIndex(([name]) => new Set(figure.rows.map((row) => row.costs[name]).filter(Boolean)).size > 1);
  const state = { axis: Math.max(0, varied), column: 0 };
  card.controls.append(
    choice('cost', known.map(([, text]) => text), state.axis, (index) => { state.axis = index; draw(); }),
    choice('score', figure.columns.map((column) => column.heading), 0, (index) => { state.column = index; draw(); }));
  const data = () => ({
    columns: ['backbone', 'published', ...figure.axes.map(([name]) => name), 'machine', ...figure.columns.map((c) => c.heading)],
    rows: figure.rows.map((row) => [row.name, row.published ? 'yes' : 'no', ...figure.axes.map(([name]) => row.costs[name]), row.machine, ...row.values]),
  });
  function draw() {
    const [axis, text] = known[state.axis];
    const column = figure.columns[state.column];
    const points = figure.rows.flatMap((row) => {
      const [x, y] = [row.costs[axis], row.values[state.column]];
      if (!x || y === null) return [];
      return [{ name: row.name, marks: row.marks[state.column], published: row.published, x, y,
        lines: [row.name, `${text}: ${short(x)}`, `${column.heading}: ${withUnit(y, column.unit)}${row.marks[state.column]}`, row.machine] }];
    });
    plot(card, points, { x: `${text} →`, y: `↑ ${column.heading}${column.unit ? ` (${column.unit})` : ''}` }, data, { log: true });
  }
  draw();
  return draw;
};
