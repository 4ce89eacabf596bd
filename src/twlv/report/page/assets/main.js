// Puts the page together from its data.

const THEMES = ['auto', 'light', 'dark'];

function themeButton() {
  const button = el('button', { type: 'button', id: 'theme', on: { click: () => set((THEMES.indexOf(button.dataset.theme) + 1) % THEMES.length) } });
  const set = (index) => {
    button.dataset.theme = THEMES[index];
    button.textContent = `colours: ${THEMES[index]}`;
    if (index) document.documentElement.dataset.theme = THEMES[index];
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new Event('themechange'));
  };
  set(0);
  return button;
}

function footnotes() {
  const best = DATA.grids.some((grid) => grid.rows.some((row) => row.cells.some((cell) => cell?.best)));
  const notes = best ? [['bold', 'best of its column, among cells without † or ‡'], ...DATA.footnotes] : DATA.footnotes;
  return el('section', { id: 'notes' }, el('h2', {}, 'Notes'), factList(notes));
}

function figuresSection() {
  if (!DATA.figures.length && !DATA.problems.length) return '';
  const problems = DATA.problems.map((text) => el('p', { class: 'problem' }, text));
  return el('section', { id: 'figures' }, el('h2', {}, DATA.figures.length ? 'Figures' : 'Not shown'), problems, DATA.figures.map(cardOf));
}

function summary() {
  const rows = new Set(DATA.grids.flatMap((grid) => grid.rows.filter((row) => !row.published).map((row) => row.name)));
  const ours = DATA.num_results ? `${DATA.num_results} results of ${rows.size} backbone${rows.size === 1 ? '' : 's'}` : 'No results of ours';
  const published = DATA.paper ? '; rows marked "published" are printed in arXiv:2408.11318 and were not measured here' : '';
  return `${ours}${published}. Made by twlv ${DATA.version}.`;
}

const DATA = JSON.parse(document.getElementById('data').textContent);

function build() {
  oldFilters();
  document.getElementById('summary').append(summary());
  const main = empty(document.getElementById('main'));
  if (DATA.grids.length) main.append(toolbar());
  DATA.grids.forEach((grid, number) => {
    const board = new Leaderboard(grid, number);
    tables.push(board);
    main.append(board.node);
  });
  const meanings = DATA.meanings.length && el('section', { id: 'meanings' }, el('h2', {}, 'What the numbers mean'), factList(DATA.meanings));
  main.append(...[DATA.footnotes.length ? footnotes() : '', figuresSection(), meanings, recordsSection(), failedSection()].filter(Boolean));
  const sections = [...main.querySelectorAll('section')];
  document.getElementById('contents').append(...sections.map((one) => el('a', { href: `#${one.id}` }, one.querySelector('h2').textContent)), themeButton());
  window.addEventListener('hashchange', follow);
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hideTip(); });
  follow();
  watch();
}

build();
