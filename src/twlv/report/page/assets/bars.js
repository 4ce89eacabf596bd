// Bars: differences, scores by class, and the histograms of forward against reversed videos.

// rows: {name, value, low, high, text, lines}; bars from 0, whiskers where there is an interval.
function barChart(card, rows, data, unit) {
  const width = card.width;
  const left = Math.min(width * 0.4, 18 + 7.1 * Math.max(4, ...rows.map((row) => row.name.length)));
  const box = { left, right: width - 64, top: 8, bottom: 8 + rows.length * 22 };
  const svg = drawing(width, box.bottom + 26, card.figure.title);
  const ends = rows.flatMap((row) => [0, row.value, row.low ?? 0, row.high ?? 0]).filter(Number.isFinite);
  const x = scale(Math.min(...ends), Math.max(...ends) || 1, box.left, box.right);
  for (const value of x.ticks) {
    svg.append(line(x.at(value), box.top, x.at(value), box.bottom, { class: value === 0 ? 'axis' : 'grid' }));
    svg.append(write(x.at(value), box.bottom + 16, short(value), { class: 'tick', 'text-anchor': 'middle' }));
  }
  const marks = rows.map((row, index) => {
    const y = box.top + index * 22;
    const zero = x.at(0);
    const end = x.at(row.value ?? 0);
    const node = sv('rect', { x: Math.min(zero, end), y: y + 4, width: Math.max(1, Math.abs(end - zero)), height: 14,
      fill: row.unsure ? 'var(--soft-bar)' : row.value < 0 ? COLOURS[1] : COLOURS[0], class: 'mark' });
    svg.append(write(box.left - 8, y + 15, cut(row.name, box.left - 12), { 'text-anchor': 'end' }), node);
    if (row.low !== undefined) {
      svg.append(line(x.at(row.low), y + 11, x.at(row.high), y + 11, { class: 'whisker strong' }));
    }
    const beyond = Math.max(end, zero, row.high === undefined ? -Infinity : x.at(row.high));
    svg.append(write(beyond + 6, y + 15, row.text ?? withUnit(row.value, unit), { class: 'tick' }));
    return [node, row.lines || [row.name, row.text ?? withUnit(row.value, unit)]];
  });
  card.show(svg, data, marks);
}

RENDERERS.bars = (figure, card) => {
  const rows = figure.bars.map((bar) => ({ ...bar, lines: [bar.name, `${bar.text} ${figure.unit}`, bar.detail] }));
  const data = () => ({ columns: figure.columns, rows: figure.bars.map((bar) => [bar.name, bar.value, bar.detail]) });
  const draw = () => barChart(card, rows, data, figure.unit);
  draw();
  return draw;
};

const MOST_BARS = 40;

RENDERERS.per_class = (figure, card) => {
  const state = { first: 0, second: figure.items.length };
  const names = figure.items.map((item) => item.name);
  card.controls.append(
    choice('backbone', names, 0, (index) => { state.first = index; draw(); }),
    choice('less', [...names, 'none'], names.length, (index) => { state.second = index; draw(); }));
  const classes = [...new Set(figure.items.flatMap((item) => Object.keys(item.data)))];
  const data = () => ({
    columns: ['class', ...names],
    rows: classes.map((name) => [name, ...figure.items.map((item) => item.data[name] ?? null)]),
  });
  function draw() {
    const one = figure.items[state.first].data;
    const other = figure.items[state.second]?.data;
    const value = (name) => (other ? one[name] - other[name] : one[name]);
    const known = classes.filter((name) => typeof one[name] === 'number' && (!other || typeof other[name] === 'number'));
    const rows = known.map((name) => ({ name, value: value(name) })).sort((a, b) => b.value - a.value);
    barChart(card, endsOf(rows), data, figure.items[state.first].unit);
  }
  draw();
  return draw;
};

// Of many classes the ones at either end are drawn; all are in the table and the CSV.
function endsOf(rows) {
  return rows.length <= MOST_BARS ? rows : [...rows.slice(0, MOST_BARS / 2), ...rows.slice(-MOST_BARS / 2)];
}

RENDERERS.direction_histogram = (figure, card) => {
  const state = { item: 0 };
  if (figure.items.length > 1) {
    card.controls.append(choice('backbone', figure.items.map((item) => item.name), 0, (index) => { state.item = index; draw(); }));
  }
  const data = () => ({
    columns: ['backbone', 'bin from', 'bin to', 'forward', 'reversed'],
    rows: figure.items.flatMap((item) => item.data.forward.map((count, bin) =>
      [item.name, item.data.edges[bin], item.data.edges[bin + 1], count, item.data.reversed[bin]])),
  });
  function draw() {
    const { edges, forward, reversed } = figure.items[state.item].data;
    const width = card.width;
    const box = { left: 52, right: width - 16, top: 50, bottom: 266 };
    const svg = drawing(width, 312, figure.title);
    const x = scale(edges[0], edges[edges.length - 1], box.left, box.right);
    const y = scale(0, Math.max(1, ...forward, ...reversed), box.bottom, box.top);
    frame(svg, box, x, y, { x: 'decision value (0: undecided) →', y: 'videos' });
    const marks = [];
    [[forward, 'forward', ''], [reversed, 'reversed', '6 3']].forEach(([counts, name, dashes], series) => {
      const steps = counts.map((count, bin) => `L${x.at(edges[bin])} ${y.at(count)}L${x.at(edges[bin + 1])} ${y.at(count)}`);
      const path = `M${x.at(edges[0])} ${y.at(0)}${steps.join('')}L${x.at(edges[edges.length - 1])} ${y.at(0)}Z`;
      svg.append(sv('path', { d: path, fill: colour(series), 'fill-opacity': 0.28, stroke: colour(series), 'stroke-dasharray': dashes, 'stroke-width': 2 }));
      svg.append(line(box.right - 130, 14 + series * 16, box.right - 104, 14 + series * 16, { stroke: colour(series), 'stroke-dasharray': dashes, 'stroke-width': 2 }));
      svg.append(write(box.right - 98, 18 + series * 16, name, {}));
    });
    forward.forEach((count, bin) => {
      const node = sv('rect', { x: x.at(edges[bin]), y: box.top, width: x.at(edges[bin + 1]) - x.at(edges[bin]), height: box.bottom - box.top, class: 'catch' });
      svg.append(node);
      marks.push([node, [`${short(edges[bin])} to ${short(edges[bin + 1])}`, `forward: ${count}`, `reversed: ${reversed[bin]}`]]);
    });
    card.show(svg, data, marks);
  }
  draw();
  return draw;
};
