// A figure's card: title, controls, drawing, how to read it, and its data as CSV, SVG and a table.

const RENDERERS = {};
const MOST_ROWS_SHOWN = 200;

class Card {
  constructor(figure) {
    this.figure = figure;
    this.controls = el('div', { class: 'controls' });
    this.place = el('div', { class: 'drawing' });
    this.table = el('details', { class: 'data' }, el('summary', {}, 'the data as a table'));
    this.table.addEventListener('toggle', () => this.fillTable());
    const button = (text, action) => el('button', { type: 'button', on: { click: action } }, text);
    this.svgButton = button('SVG', () => save(`${figure.id}.svg`, this.svgFile(), 'image/svg+xml'));
    this.node = el('figure', { class: 'card', id: figure.id, 'data-kind': figure.kind },
      el('h3', {}, figure.title), this.controls, this.place,
      el('figcaption', {}, el('p', {}, figure.how),
        el('div', { class: 'downloads' }, el('span', {}, 'download'),
          button('CSV', () => save(`${figure.id}.csv`, csvText(this.data()), 'text/csv')), this.svgButton),
        figure.settings ? el('details', {}, el('summary', {}, 'settings'), el('p', {}, figure.settings)) : '',
        this.table));
    this.data = () => ({ columns: [], rows: [] });
    this.svgFile = () => svgText(this.place.querySelector('svg'));
  }

  get width() {
    return Math.max(280, Math.min(900, this.place.clientWidth || 700));
  }

  // drawing: an element, or several; data: a function that gives {columns, rows}; marks: see walk.
  show(drawn, data, marks = []) {
    empty(this.place).append(...[drawn].flat());
    this.data = data;
    this.svgButton.hidden = !this.place.querySelector('svg');
    const svg = this.place.querySelector('svg');
    if (svg) walk(svg, marks);
    if (this.table.open) this.fillTable();
  }

  fillTable() {
    this.table.querySelectorAll('.wide').forEach((old) => old.remove());
    if (!this.table.open) return;
    const { columns, rows } = this.data();
    const body = el('tbody', {}, rows.slice(0, MOST_ROWS_SHOWN).map((row) => el('tr', {}, row.map((value) => el('td', {},
      typeof value === 'number' ? short(value) : value ?? '')))));
    const head = el('thead', {}, el('tr', {}, columns.map((name) => el('th', { scope: 'col' }, name))));
    const more = rows.length > MOST_ROWS_SHOWN ? el('p', {}, `and ${rows.length - MOST_ROWS_SHOWN} more rows, in the CSV`) : '';
    this.table.append(el('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'data' }, el('table', {}, head, body), more));
  }
}

// Marks are [node, lines of text]: shown when pointed at, and one after another with the arrow keys.
function walk(svg, marks) {
  let current = -1;
  const go = (step) => {
    if (current >= 0) marks[current][0].classList.remove('current');
    current = (current + step + marks.length) % marks.length;
    marks[current][0].classList.add('current');
    tipAt(...marks[current]);
  };
  marks.forEach(([node, lines]) => hoverable(node, lines));
  if (!marks.length) return;
  svg.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowRight' || event.key === 'ArrowDown') go(1);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') go(current < 0 ? 0 : -1);
    else if (event.key === 'Escape') hideTip();
    else return;
    event.preventDefault();
  });
  svg.addEventListener('blur', () => {
    if (current >= 0) marks[current][0].classList.remove('current');
    current = -1;
    hideTip();
  });
}

function cardOf(figure) {
  const card = new Card(figure);
  const draw = RENDERERS[figure.kind];
  if (!draw) {
    card.place.append(el('p', {}, 'this page does not know how to draw this figure'));
    return card.node;
  }
  let redraw = null;
  let width = 0;
  const start = () => {
    if (redraw === null) redraw = draw(figure, card) || (() => {});
    else if (Math.abs(card.width - width) > 8) redraw();
    width = card.width;
  };
  // Far figures are drawn when they come near, so that a page with many opens at once.
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      near.disconnect();
      start();
      new ResizeObserver(start).observe(card.place);
    }
  }, { rootMargin: '800px' });
  near.observe(card.node);
  window.addEventListener('beforeprint', start);
  return card.node;
}
