// Parts that drawings share: a frame with axes, marks, labels that keep out of each other's way.

function drawing(width, height, label) {
  return sv('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label, tabindex: 0 });
}

const write = (x, y, text, attributes) => sv('text', { x, y, ...attributes }, text);
const line = (x1, y1, x2, y2, attributes) => sv('line', { x1, y1, x2, y2, ...attributes });

function marker(kind, x, y, size, attributes) {
  const s = size;
  if (kind === 'square') return sv('rect', { x: x - s * 0.9, y: y - s * 0.9, width: s * 1.8, height: s * 1.8, ...attributes });
  if (kind === 'triangle') return sv('path', { d: `M${x} ${y - s * 1.15}L${x + s * 1.1} ${y + s * 0.85}H${x - s * 1.1}Z`, ...attributes });
  if (kind === 'diamond') return sv('path', { d: `M${x} ${y - s * 1.3}L${x + s * 1.3} ${y}L${x} ${y + s * 1.3}L${x - s * 1.3} ${y}Z`, ...attributes });
  return sv('circle', { cx: x, cy: y, r: s, ...attributes });
}

// Axes left and below, with a grid; returns the group to draw on.
function frame(svg, box, x, y, names) {
  const group = sv('g', { class: 'frame' });
  for (const value of y.ticks) {
    group.append(line(box.left, y.at(value), box.right, y.at(value), { class: 'grid' }));
    group.append(write(box.left - 6, y.at(value) + 4, short(value), { class: 'tick', 'text-anchor': 'end' }));
  }
  let last = -Infinity;
  for (const value of x.ticks) {
    group.append(line(x.at(value), box.bottom, x.at(value), box.bottom + 4, { class: 'axis' }));
    if (x.at(value) - last > 34) {
      group.append(write(x.at(value), box.bottom + 17, short(value), { class: 'tick', 'text-anchor': 'middle' }));
      last = x.at(value);
    }
  }
  group.append(line(box.left, box.bottom, box.right, box.bottom, { class: 'axis' }));
  group.append(write((box.left + box.right) / 2, box.bottom + 36, cut(names.x, box.right - box.left), { 'text-anchor': 'middle' }));
  group.append(write(box.left - 40, box.top - 12, cut(names.y, box.right - box.left + 40), {}));
  svg.append(group);
  return group;
}

function cut(text, width, sign = 6.6) {
  const room = Math.max(3, Math.floor(width / sign));
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

// Puts a label beside each point where it covers no other label and no point; gives up on what has no room.
function placeLabels(svg, points, box) {
  const taken = points.map((p) => ({ left: p.x - 7, right: p.x + 7, top: p.y - 7, bottom: p.y + 7 }));
  for (const point of points) {
    const wide = point.label.length * 6.4;
    const beside = [[10, 4, 'start'], [-10, 4, 'end'], [0, -12, 'middle'], [0, 20, 'middle']];
    const diagonal = [[9, -8, 'start'], [9, 17, 'start'], [-9, -8, 'end'], [-9, 17, 'end']];
    const spots = point.crossed ? diagonal : [...beside, ...diagonal]; // not across its whiskers
    for (const [dx, dy, anchor] of spots) {
      const start = point.x + dx - (anchor === 'end' ? wide : anchor === 'middle' ? wide / 2 : 0);
      const area = { left: start, right: start + wide, top: point.y + dy - 11, bottom: point.y + dy + 3 };
      const hit = taken.some((t) => t.left < area.right && t.right > area.left && t.top < area.bottom && t.bottom > area.top);
      const inside = area.left >= box.left - 20 && area.right <= box.right + 12 && area.top >= 0;
      if (!hit && inside) {
        taken.push(area);
        svg.append(write(point.x + dx, point.y + dy, point.label, { class: 'label', 'text-anchor': anchor }));
        break;
      }
    }
  }
}
