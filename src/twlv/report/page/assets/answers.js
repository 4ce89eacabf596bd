// Answers video by video: confusion of one backbone, or the difference of two by class.

const Z95 = 1.959963984540054;

// The difference of two shares over the same n videos, with Agresti and Min's interval (Statistics in Medicine
// 24, 2005): half a video is added to each of the four cells of the paired table.
function pairedDifference(onlyFirst, onlySecond, n) {
  const [b, c, m] = [onlyFirst + 0.5, onlySecond + 0.5, n + 2];
  const middle = (b - c) / m;
  const half = (Z95 * Math.sqrt(b + c - (b - c) ** 2 / m)) / m;
  return { value: (onlyFirst - onlySecond) / n, low: Math.max(-1, middle - half), high: Math.min(1, middle + half) };
}

function countClasses(figure, first, second) {
  const found = new Map();
  figure.truth.forEach((truth, video) => {
    if (!found.has(truth)) found.set(truth, { n: 0, first: 0, second: 0, onlyFirst: 0, onlySecond: 0 });
    const counts = found.get(truth);
    const one = figure.backbones[first].predicted[video] === truth;
    const other = figure.backbones[second].predicted[video] === truth;
    counts.n += 1;
    counts.first += one;
    counts.second += other;
    counts.onlyFirst += one && !other;
    counts.onlySecond += other && !one;
  });
  return [...found].map(([truth, counts]) => ({ truth, ...counts, ...pairedDifference(counts.onlyFirst, counts.onlySecond, counts.n) }));
}

function countConfusion(figure, backbone) {
  const pairs = new Map();
  const totals = new Map();
  figure.truth.forEach((truth, video) => {
    const key = `${truth} ${figure.backbones[backbone].predicted[video]}`;
    pairs.set(key, (pairs.get(key) || 0) + 1);
    totals.set(truth, (totals.get(truth) || 0) + 1);
  });
  return { totals, pairs: [...pairs].map(([key, count]) => {
    const [truth, predicted] = key.split(' ').map(Number);
    return { truth, predicted, count, of: totals.get(truth) };
  }) };
}

RENDERERS.answers = (figure, card) => {
  const state = { view: 0, first: 0, second: Math.min(1, figure.backbones.length - 1) };
  const names = figure.backbones.map((backbone) => backbone.name);
  const label = (index) => (index < 0 ? 'none (not decoded)' : figure.classes[index]);
  const views = figure.backbones.length > 1 ? ['difference by class', 'confusion'] : ['confusion'];
  const second = choice('less', names, state.second, (index) => { state.second = index; draw(); });
  if (views.length > 1) card.controls.append(choice('show', views, 0, (index) => { state.view = index; draw(); }));
  card.controls.append(choice('backbone', names, 0, (index) => { state.first = index; draw(); }));
  if (views.length > 1) card.controls.append(second);

  function draw() {
    second.hidden = views[state.view] === 'confusion';
    if (views[state.view] === 'confusion') confusion(); else difference();
  }

  function difference() {
    const found = countClasses(figure, state.first, state.second).sort((a, b) => b.value - a.value);
    const percent = (value) => Number((100 * value).toFixed(2));
    const rows = found.map((one) => ({
      name: label(one.truth), value: 100 * one.value, low: 100 * one.low, high: 100 * one.high,
      unsure: one.low <= 0 && one.high >= 0, text: `${one.value >= 0 ? '+' : ''}${(100 * one.value).toFixed(1)}`,
      lines: [label(one.truth), `${names[state.first]}: ${one.first} of ${one.n} right`, `${names[state.second]}: ${one.second} of ${one.n} right`,
        `difference ${percent(one.value)} points, 95 % [${percent(one.low)}, ${percent(one.high)}]`,
        one.low <= 0 && one.high >= 0 ? 'the interval holds 0: no difference is shown' : ''],
    }));
    barChart(card, endsOf(rows), () => ({
      columns: ['class', 'videos', 'first', 'first right', 'second', 'second right', 'only first right', 'only second right', 'difference', 'low', 'high'],
      rows: found.map((one) => [label(one.truth), one.n, names[state.first], one.first, names[state.second], one.second,
        one.onlyFirst, one.onlySecond, one.value, one.low, one.high]),
    }), 'points');
  }

  function confusion() {
    const { totals, pairs } = countConfusion(figure, state.first);
    const data = () => ({
      columns: ['backbone', 'true class', 'predicted class', 'videos', 'of'],
      rows: pairs.sort((a, b) => b.count - a.count).map((p) => [names[state.first], label(p.truth), label(p.predicted), p.count, p.of]),
    });
    const shown = [...new Set([...totals.keys(), ...pairs.map((p) => p.predicted)])].sort((a, b) => a - b);
    if (shown.length <= MATRIX) {
      matrix(card, shown.map(label), shown.map((truth) => shown.map((predicted) =>
        pairs.find((p) => p.truth === truth && p.predicted === predicted)?.count || 0)), data);
      return;
    }
    const worst = pairs.filter((p) => p.truth !== p.predicted).sort((a, b) => b.count - a.count).slice(0, 25);
    barChart(card, worst.map((p) => ({ name: `${label(p.truth)} → ${label(p.predicted)}`, value: p.count, text: `${p.count} of ${p.of}` })), data, 'videos');
  }
  draw();
  return draw;
};

const MATRIX = 32;

// Counts as a square of cells: fuller means more of its row; the number stands in the cell.
function matrix(card, names, counts, data) {
  const width = card.width;
  const left = Math.min(width * 0.34, 20 + 6.4 * Math.max(...names.map((name) => name.length)));
  const side = Math.min(56, (width - left - 12) / names.length);
  const top = 30;
  const tall = top + side * names.length + 74;
  const svg = drawing(width, tall, card.figure.title);
  const marks = [];
  svg.append(write(8, 18, 'rows: true class, columns: predicted class', { class: 'tick' }));
  counts.forEach((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1;
    svg.append(write(left - 6, top + side * (i + 0.5) + 4, cut(names[i], left - 10), { 'text-anchor': 'end', class: 'tick' }));
    const [x, y] = [left + side * (i + 0.5), top + side * names.length + 12];
    svg.append(write(x, y, cut(names[i], 80), { class: 'tick', 'text-anchor': 'end', transform: `rotate(-40 ${x} ${y})` }));
    row.forEach((count, j) => {
      const cell = sv('rect', { x: left + side * j, y: top + side * i, width: side - 1, height: side - 1, class: i === j ? 'cell right' : 'cell',
        fill: i === j ? COLOURS[0] : COLOURS[1], 'fill-opacity': count ? 0.12 + 0.68 * (count / total) : 0.03 });
      svg.append(cell);
      if (count && side > 15) svg.append(write(left + side * (j + 0.5), top + side * (i + 0.5) + 4, short(count), { 'text-anchor': 'middle', class: 'count' }));
      marks.push([cell, [`${names[i]} → ${names[j]}`, `${short(count)} of ${short(total)} (${((100 * count) / total).toFixed(1)} %)`]]);
    });
  });
  card.show(svg, data, marks);
}

RENDERERS.confusion = (figure, card) => {
  const state = { item: 0 };
  if (figure.items.length > 1) {
    card.controls.append(choice('backbone', figure.items.map((item) => item.name), 0, (index) => { state.item = index; draw(); }));
  }
  const rowsOf = (item) => item.data.classes.flatMap((truth, i) => item.data.classes.map((predicted, j) => [item.name, truth, predicted, item.data.counts[i][j]]));
  const data = () => ({ columns: ['backbone', 'true class', 'predicted class', 'count'], rows: figure.items.flatMap(rowsOf) });
  function draw() {
    const { classes, counts } = figure.items[state.item].data;
    if (classes.length <= MATRIX) matrix(card, classes, counts, data);
    else {
      const rows = rowsOf(figure.items[state.item]).filter(([, truth, predicted, count]) => truth !== predicted && count > 0);
      const worst = rows.sort((a, b) => b[3] - a[3]).slice(0, 25);
      barChart(card, worst.map(([, truth, predicted, count]) => ({ name: `${truth} → ${predicted}`, value: count, text: short(count) })), data, '');
    }
  }
  draw();
  return draw;
};
