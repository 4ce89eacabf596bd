// Radar: an axis for each task, a line for each backbone, ticked on and off in the legend.

RENDERERS.radar = (figure, card) => {
  const shown = new Set(figure.lines.flatMap((one, index) => (one.shown ? [index] : [])));
  const legend = el('div', { class: 'legend' });
  figure.lines.forEach((one, index) => {
    const box = el('input', { type: 'checkbox', checked: one.shown, on: { change: () => {
      if (box.checked) shown.add(index); else shown.delete(index);
      draw();
    } } });
    legend.append(el('label', {}, box, swatch(index), one.name.replace(/ \(published\)$/, '') + (one.published ? ' (published)' : '')));
  });
  card.controls.append(legend);

  function draw() {
    const width = card.width;
    const room = width < 500 ? 74 : 150;
    const height = Math.min(620, width * 0.92);
    const most = Math.max(...figure.axes.map((axis) => axis.lines.length + 1));
    const radius = Math.min(width / 2 - room, height / 2 - 13 * most - 14);
    const [cx, cy] = [width / 2, height / 2];
    const svg = drawing(width, height, figure.title);
    const angle = (index) => (2 * Math.PI * index) / figure.axes.length - Math.PI / 2;
    const at = (index, share) => [cx + Math.cos(angle(index)) * radius * share, cy + Math.sin(angle(index)) * radius * share];
    for (const share of [0.25, 0.5, 0.75, 1]) {
      const ring = figure.axes.map((_, index) => at(index, share).join(' ')).join('L');
      svg.append(sv('path', { d: `M${ring}Z`, class: 'grid' }));
    }
    figure.axes.forEach((axis, index) => svg.append(line(cx, cy, ...at(index, 1), { class: 'grid' }), axisLabel(axis, index)));
    const marks = [];
    [...shown].sort((a, b) => a - b).forEach((number) => svg.append(...lineOf(number, at, marks)));
    card.show(svg, data, marks);

    function axisLabel(axis, index) {
      const [x, y] = at(index, 1.07);
      const side = Math.cos(angle(index));
      const anchor = Math.abs(side) < 0.2 ? 'middle' : side > 0 ? 'start' : 'end';
      const lines = [...axis.lines, `rim ${withUnit(axis.best, axis.unit)}`];
      const top = y - (Math.sin(angle(index)) < -0.5 ? (lines.length - 1) * 13 : Math.abs(side) < 0.2 ? -8 : (lines.length / 2) * 6);
      return sv('text', { x, y: top, 'text-anchor': anchor, class: 'tick' }, lines.map((text, row) =>
        sv('tspan', { x, dy: row ? 13 : 0, class: row === 1 ? 'strong' : '' }, cut(text, anchor === 'middle' ? 2 * room : room - 6, 5.9))));
    }
  }

  function lineOf(number, at, marks) {
    const one = figure.lines[number];
    const ends = one.values.map((cell, index) => (cell ? at(index, Math.max(0, cell.value / figure.axes[index].best)) : null));
    const whole = ends.every(Boolean);
    const style = { stroke: colour(number), 'stroke-dasharray': dash(number), class: 'series' };
    const runs = whole ? [[...ends, ends[0]]] : pieces(ends);
    const paths = runs.map((run) => sv('path', { d: `M${run.map((p) => p.join(' ')).join('L')}`, ...style }));
    const points = ends.flatMap((end, index) => {
      if (!end) return [];
      const cell = one.values[index];
      const node = marker(shape(number), end[0], end[1], 4, { fill: colour(number), class: 'mark' });
      marks.push([node, [one.name, figure.axes[index].lines.join(', '), withUnit(cell.value, figure.axes[index].unit) + cell.marks]]);
      return [node];
    });
    return [...paths, ...points];
  }

  const data = () => ({
    columns: ['backbone', 'published', ...figure.axes.map((axis) => axis.lines.join(' '))],
    rows: figure.lines.map((one) => [one.name, one.published ? 'yes' : 'no', ...one.values.map((cell) => (cell ? cell.value : null))]),
  });
  draw();
  return draw;
};

// Neighbouring axes that both have a value are joined; the rim is a circle, so the last meets the first.
function pieces(ends) {
  return ends.flatMap((end, index) => {
    const next = ends[(index + 1) % ends.length];
    return end && next ? [[end, next]] : [];
  });
}

function swatch(index) {
  return sv('svg', { width: 26, height: 12, 'aria-hidden': 'true' },
    line(1, 6, 25, 6, { stroke: colour(index), 'stroke-dasharray': dash(index), 'stroke-width': 2 }),
    marker(shape(index), 13, 6, 4, { fill: colour(index) }));
}
