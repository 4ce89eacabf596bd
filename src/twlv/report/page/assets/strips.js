// Time to the right: segments as detected, and the label of every moment.

const LABEL_ROOM = 6.4;

function pickers(figure, card, state, draw) {
  const videos = () => figure.items[state.item].data.map((one) => one.video_id);
  const box = el('span', {});
  const refresh = () => {
    state.video = 0;
    empty(box).append(choice('video', videos(), 0, (index) => { state.video = index; draw(); }));
  };
  if (figure.items.length > 1) {
    card.controls.append(choice('backbone', figure.items.map((item) => item.name), 0, (index) => { state.item = index; refresh(); draw(); }));
  }
  card.controls.append(box);
  refresh();
}

function timeAxis(svg, box, seconds) {
  const x = scale(0, seconds, box.left, box.right);
  for (const value of ticks(0, seconds, 6)) {
    svg.append(line(x.at(value), box.top, x.at(value), box.bottom, { class: 'grid' }));
    svg.append(write(x.at(value), box.bottom + 16, `${short(value)} s`, { class: 'tick', 'text-anchor': 'middle' }));
  }
  return x;
}

function run(svg, x, y, high, start, end, name, style, said) {
  const left = x.at(start);
  const wide = Math.max(1.5, x.at(end) - left);
  const node = sv('rect', { x: left, y, width: wide, height: high, class: 'run', ...style });
  svg.append(node);
  if (wide > 14) svg.append(write(left + 3, y + high / 2 + 4, cut(name, wide - 4, LABEL_ROOM), { class: 'runlabel' }));
  return [node, [said, `${short(start)} to ${short(end)} s`]];
}

RENDERERS.strips = (figure, card) => {
  const state = { item: 0, video: 0 };
  const data = () => ({
    columns: ['backbone', 'video', 'row', 'start', 'end', 'class'],
    rows: figure.items.flatMap((item) => item.data.flatMap((one) => ['truth', 'predicted'].flatMap((row) =>
      one[row].map(([start, end, index]) => [item.name, one.video_id, row, start, end, one.classes[index]])))),
  });
  function draw() {
    const one = figure.items[state.item].data[state.video];
    if (!one) return card.show(el('p', { class: 'none' }, 'this result kept no example'), data);
    const width = card.width;
    const box = { left: 82, right: width - 20, top: 10, bottom: 104 };
    const svg = drawing(width, 130, figure.title);
    const x = timeAxis(svg, box, one.duration_seconds);
    const marks = [];
    [['annotated', one.truth], ['predicted', one.predicted]].forEach(([name, runs], row) => {
      svg.append(write(box.left - 8, 36 + 46 * row, name, { 'text-anchor': 'end' }));
      for (const [start, end, index] of runs) {
        const style = { fill: colour(index), 'fill-opacity': 0.3 + 0.35 * (Math.floor(index / COLOURS.length) % 2), stroke: colour(index) };
        marks.push(run(svg, x, 12 + 46 * row, 40, start, end, `${index} ${one.classes[index]}`, style, `${name}: ${one.classes[index]}`));
      }
    });
    card.show(svg, data, marks);
    return null;
  }
  pickers(figure, card, state, draw);
  draw();
  return draw;
};

RENDERERS.timelines = (figure, card) => {
  const state = { item: 0, video: 0 };
  const rowsOf = (item, one) => [
    ...one.truth.map((s) => [item.name, one.video_id, 'annotated', s.label, ...s.segment, null]),
    ...one.predictions.map((s) => [item.name, one.video_id, 'predicted', s.label, ...s.segment, s.score])];
  const data = () => ({
    columns: ['backbone', 'video', 'row', 'label', 'start', 'end', 'score'],
    rows: figure.items.flatMap((item) => item.data.flatMap((one) => rowsOf(item, one))),
  });
  function draw() {
    const one = figure.items[state.item].data[state.video];
    if (!one) return card.show(el('p', { class: 'none' }, 'this result kept no example'), data);
    const labels = [...new Set([...one.truth, ...one.predictions].map((s) => s.label))];
    const width = card.width;
    const left = Math.min(width * 0.3, 26 + 7.1 * Math.max(6, ...labels.map((name) => name.length)));
    const lanes = labels.map((name) => ({ name, predicted: one.predictions.filter((s) => s.label === name).slice(0, 6) }));
    const heights = lanes.map((lane) => 26 + 12 * Math.max(1, lane.predicted.length));
    const box = { left, right: width - 24, top: 6, bottom: 6 + heights.reduce((sum, high) => sum + high, 0) };
    const svg = drawing(width, box.bottom + 24, figure.title);
    const x = timeAxis(svg, box, one.duration_seconds);
    const marks = [];
    let y = box.top;
    lanes.forEach((lane, index) => {
      svg.append(write(left - 8, y + 15, cut(lane.name, left - 12), { 'text-anchor': 'end' }));
      for (const s of one.truth.filter((t) => t.label === lane.name)) {
        marks.push(run(svg, x, y + 2, 18, ...s.segment, '', { fill: 'var(--ink)', 'fill-opacity': 0.75 }, `annotated: ${s.label}`));
      }
      lane.predicted.forEach((s, row) => {
        const style = { fill: colour(0), 'fill-opacity': 0.2 + 0.8 * Math.min(1, Math.max(0, s.score)), stroke: colour(0) };
        marks.push(run(svg, x, y + 22 + 12 * row, 9, ...s.segment, '', style, `predicted: ${s.label}, score ${short(s.score)}`));
      });
      y += heights[index];
      svg.append(line(6, y, box.right, y, { class: 'grid' }));
    });
    card.show(svg, data, marks);
    return null;
  }
  pickers(figure, card, state, draw);
  draw();
  return draw;
};
