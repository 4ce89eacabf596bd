// Tables of backbones by score: sorted by a column, filtered by words, each number leading to its record.

const filters = { rows: '', columns: '', published: true };
const tables = [];

class Leaderboard {
  constructor(grid, number) {
    this.grid = grid;
    this.sort = { column: null, turned: false };
    this.place = el('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': `table: ${grid.title}` });
    this.said = el('p', { class: 'explain', role: 'status' });
    this.node = el('section', { id: `table-${number}`, class: 'board' },
      el('h2', {}, capital(grid.title)), this.place, this.said,
      el('p', { class: 'downloads' }, el('span', {}, 'download'), el('button', { type: 'button',
        on: { click: () => save(`table-${number}.csv`, csvText(this.data()), 'text/csv') } }, 'CSV')));
    this.draw();
  }

  // Rows that hold the words looked for, in the order asked; what has no number stands last.
  rows() {
    const words = filters.rows.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.grid.rows.filter((row) => (filters.published || !row.published) && words.every((word) => row.name.toLowerCase().includes(word)));
    const { column, turned } = this.sort;
    if (column === null) return rows;
    const sign = (this.grid.columns[column].higher_is_better ? -1 : 1) * (turned ? -1 : 1);
    const value = (row) => row.cells[column]?.value ?? null;
    return rows.slice().sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === null || other === null) return (one === null) - (other === null);
      return sign * (one - other);
    });
  }

  columns() {
    if (this.grid.title === 'cost') return this.grid.columns.map((_, index) => index);
    const words = filters.columns.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (column) => [...column.heading, column.kind].join(' ').toLowerCase();
    return this.grid.columns.flatMap((column, index) => (words.every((word) => text(column).includes(word)) ? [index] : []));
  }

  draw() {
    const shown = this.columns();
    const rows = this.rows();
    this.node.hidden = !shown.length;
    const table = el('table', { class: 'scores' }, this.head(shown), el('tbody', {}, rows.map((row) => this.row(row, shown))));
    empty(this.place).append(table);
    if (!rows.length) this.place.append(el('p', { class: 'none' }, 'no backbone with these words'));
  }

  head(shown) {
    const groups = [];
    for (const index of shown) {
      const name = this.grid.columns[index].score;
      if (groups.length && groups[groups.length - 1].name === name) groups[groups.length - 1].count += 1;
      else groups.push({ name, count: 1 });
    }
    const top = groups.map(({ name, count }) => el('th', { scope: 'colgroup', colspan: count, class: 'group' }, name));
    return el('thead', {},
      el('tr', {}, el('th', { scope: 'col', rowspan: 2, class: 'name' }, 'backbone'), top),
      el('tr', {}, shown.map((index) => this.heading(index))));
  }

  heading(index) {
    const column = this.grid.columns[index];
    const active = this.sort.column === index;
    const down = active && column.higher_is_better !== this.sort.turned;
    const order = active ? (down ? 'descending' : 'ascending') : 'none';
    const sort = el('button', { type: 'button', class: 'sort', on: { click: () => this.sortBy(index) } },
      column.heading.slice(1).map((text) => el('span', {}, softly(text))), el('span', { class: 'arrow', 'aria-hidden': 'true' }, active ? (down ? '▼' : '▲') : '↕'));
    const why = el('button', { type: 'button', class: 'why', 'aria-label': `how to read ${column.heading.join(', ')}`, on: { click: () => this.explain(column) } }, '?');
    return el('th', { scope: 'col', 'aria-sort': order, class: column.average_of ? 'average' : '' }, sort, why);
  }

  // First the best, then the worst, then the order of the report.
  sortBy(index) {
    if (this.sort.column !== index) this.sort = { column: index, turned: false };
    else if (!this.sort.turned) this.sort.turned = true;
    else this.sort = { column: null, turned: false };
    const head = [...this.columns()].indexOf(index);
    this.draw();
    this.place.querySelectorAll('button.sort')[head]?.focus();
  }

  explain(column) {
    const better = column.higher_is_better ? 'higher is better' : 'lower is better';
    const mean = column.average_of ? ` The mean over ${column.average_of} data sets.` : '';
    const settings = column.settings ? ` Settings: ${column.settings}.` : '';
    this.said.textContent = `${column.heading.slice(0, 2).join(' on ')}: ${column.meaning || better}.${mean}${settings} `
      + '± is half of a 95 % interval over test videos, [low, high] where it is uneven. A link leads to how the number was made.';
  }

  row(row, shown) {
    const cells = shown.map((index) => this.cell(row, index));
    const name = row.published ? [softly(row.name.replace(/ \(published\)$/, '')), el('span', { class: 'tag' }, 'published')] : [softly(row.name)];
    return el('tr', { class: row.published ? 'published' : '' }, el('th', { scope: 'row', class: 'name' }, ...name), cells);
  }

  cell(row, index) {
    const cell = row.cells[index];
    const column = this.grid.columns[index];
    if (!cell) return el('td', { class: 'absent' }, '–');
    const value = cell.record === undefined ? el('span', { class: 'value' }, cell.text)
      : el('a', { class: 'value', href: `#record-${cell.record}` }, cell.text);
    const node = el('td', { class: cell.best ? 'best' : '' }, value, cell.marks ? el('sup', {}, cell.marks) : '',
      cell.best ? el('span', { class: 'unseen' }, ' best') : '',
      cell.spread ? el('small', {}, cell.spread) : '', cell.coverage ? el('small', { class: 'coverage' }, cell.coverage) : '');
    const interval = cell.ci95 ? `95 % [${short(cell.ci95[0])}, ${short(cell.ci95[1])}]` : '';
    const marks = DATA.footnotes.filter(([mark]) => cell.marks.includes(mark)).slice(0, 3).map(([mark, text]) => `${mark} ${text}`);
    return hoverable(node, [row.name, `${column.heading.join(', ')}: ${cell.text} ${column.unit}${cell.marks}`, interval,
      cell.n ? `n = ${cell.n}` : '', cell.coverage ? `coverage ${cell.coverage}` : '', ...marks]);
  }

  data() {
    const shown = this.columns();
    const heads = shown.map((index) => this.grid.columns[index].heading.join(' '));
    const cells = (row) => shown.flatMap((index) => {
      const cell = row.cells[index];
      return [cell ? cell.value : null, cell?.ci95?.[0] ?? null, cell?.ci95?.[1] ?? null, cell ? cell.marks : ''];
    });
    return {
      columns: ['backbone', 'published', ...heads.flatMap((name) => [name, `${name} low`, `${name} high`, `${name} marks`])],
      rows: this.rows().map((row) => [row.name, row.published ? 'yes' : 'no', ...cells(row)]),
    };
  }
}

// Long names may break behind an underscore, a point or a slash.
const softly = (text) => text.split(/(?<=[_./])/).flatMap((part, index) => (index ? [el('wbr'), part] : [part]));

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function toolbar() {
  const redraw = () => tables.forEach((table) => table.draw());
  const field = (label, name) => el('label', { class: 'choice' }, el('span', {}, label),
    el('input', { type: 'search', id: `filter-${name}`, value: filters[name], on: { input: (event) => { filters[name] = event.target.value; redraw(); } } }));
  const mixed = DATA.grids.some((grid) => grid.rows.some((row) => row.published)) && DATA.num_results > 0;
  const published = el('label', { class: 'choice' }, el('input', { type: 'checkbox', id: 'filter-published', checked: filters.published,
    on: { change: (event) => { filters.published = event.target.checked; redraw(); } } }), el('span', {}, 'published rows'));
  return el('div', { class: 'toolbar', role: 'search' }, field('backbones with', 'rows'), field('columns with', 'columns'), mixed ? published : '');
}
