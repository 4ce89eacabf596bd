// Boxes on key frames: solid where annotated, dashed where predicted.

const MOST_BOXES = 8;

RENDERERS.key_frames = (figure, card) => {
  const state = { item: 0 };
  if (figure.items.length > 1) {
    card.controls.append(choice('backbone', figure.items.map((item) => item.name), 0, (index) => { state.item = index; draw(); }));
  }
  const rowsOf = (item, one) => [
    ...one.truth.map((b) => [item.name, one.video_id, one.time_seconds, 'annotated', b.labels.join('; '), ...b.box, null]),
    ...one.predictions.map((b) => [item.name, one.video_id, one.time_seconds, 'predicted', b.label, ...b.box, b.score])];
  const data = () => ({
    columns: ['backbone', 'video', 'seconds', 'row', 'label', 'x1', 'y1', 'x2', 'y2', 'score'],
    rows: figure.items.flatMap((item) => item.data.flatMap((one) => rowsOf(item, one))),
  });
  function draw() {
    const frames = figure.items[state.item].data;
    if (!frames.length) return card.show(el('p', { class: 'none' }, 'this result kept no example'), data);
    const across = card.width > 620 ? 2 : 1;
    const wide = card.width / across - 10;
    const high = wide * Math.max(...frames.map((one) => one.height_px / one.width_px));
    const svg = drawing(card.width, Math.ceil(frames.length / across) * (high + 30), figure.title);
    const marks = frames.flatMap((one, index) => drawFrame(svg, one, (index % across) * (wide + 20), Math.floor(index / across) * (high + 30), wide));
    card.show(svg, data, marks);
    return null;
  }
  draw();
  return draw;
};

function drawFrame(svg, one, left, top, wide) {
  const high = wide * (one.height_px / one.width_px);
  const place = { x: left, y: top, width: wide, height: high };
  svg.append(sv('rect', { ...place, fill: '#444' }));
  if (one.image) svg.append(sv('image', { ...place, href: one.image, preserveAspectRatio: 'none' }));
  svg.append(write(left, top + high + 15, cut(`${one.video_id}, ${short(one.time_seconds)} s`, wide), { class: 'tick' }));
  const marks = [];
  const draw = (box, style, name, said, atFoot) => {
    const [x, y] = [left + box[0] * wide, top + box[1] * high];
    const shapeOf = { x, y, width: (box[2] - box[0]) * wide, height: (box[3] - box[1]) * high, fill: 'transparent' };
    svg.append(sv('rect', { ...shapeOf, stroke: '#000', 'stroke-width': 4, opacity: 0.6 }));
    const node = sv('rect', { ...shapeOf, ...style, class: 'box' });
    svg.append(node);
    const text = cut(name, wide - x + left, 6.2);
    const row = atFoot ? y + shapeOf.height - 14 : y;
    if (text) svg.append(sv('rect', { x, y: row, width: text.length * 6.2 + 4, height: 14, fill: '#000', opacity: 0.65 }), write(x + 2, row + 11, text, { class: 'onpicture' }));
    marks.push([node, [said, name]]);
  };
  one.truth.forEach((b) => draw(b.box, { stroke: '#ffffff', 'stroke-width': 2 }, b.labels.join(', '), 'annotated', true));
  people(one.predictions).forEach(({ box, said }) => draw(box, { stroke: '#ffb000', 'stroke-width': 2, 'stroke-dasharray': '6 3' }, said, 'predicted', false));
  return marks;
}

// A box may be predicted once for each of its labels: it is drawn once, with the two most certain of them.
function people(predictions) {
  const found = new Map();
  for (const one of predictions.slice().sort((a, b) => b.score - a.score)) {
    const key = one.box.map((corner) => corner.toFixed(3)).join(' ');
    if (!found.has(key)) found.set(key, { box: one.box, labels: [] });
    found.get(key).labels.push(`${one.label} ${short(one.score)}`);
  }
  return [...found.values()].slice(0, MOST_BOXES).map(({ box, labels }) => ({ box, said: labels.slice(0, 2).join(', ') }));
}
