// How each result was made: facts, the command that repeats it, the whole document; built when opened.

function factList(facts) {
  return el('dl', {}, facts.flatMap(([name, text]) => [el('dt', {}, name), el('dd', {}, text)]));
}

function lazy(summary, build, attributes) {
  const node = el('details', attributes, el('summary', {}, summary));
  node.addEventListener('toggle', () => {
    if (node.open && node.childElementCount === 1) node.append(...[build()].flat());
  });
  return node;
}

function record(one, number) {
  const body = () => [
    factList(one.facts),
    el('p', {}, 'To repeat it (a data set of your own by its manifest, with --root where its videos are):'),
    el('pre', {}, one.command),
    one.document ? lazy('the whole record, as in its file', () => el('pre', { class: 'document' }, JSON.stringify(one.document, null, 1)))
      : el('p', {}, 'The whole record is in its file: of this many results the page holds the facts only.')];
  return lazy(one.title, body, { id: `record-${number}` });
}

function recordsSection() {
  if (!DATA.records.length) return '';
  const open = (value) => section.querySelectorAll(':scope > details').forEach((node) => { node.open = value; });
  const section = el('section', { id: 'records' }, el('h2', {}, 'How each result was made'),
    el('p', { class: 'downloads' }, el('button', { type: 'button', on: { click: () => open(true) } }, 'open all'),
      el('button', { type: 'button', on: { click: () => open(false) } }, 'close all')),
    DATA.records.map(record));
  return section;
}

function failedSection() {
  if (!DATA.failed.length) return '';
  return el('section', { id: 'failed' }, el('h2', {}, 'Videos that failed'),
    DATA.failed.map(({ reason, videos }) => lazy(`${reason}: ${videos.length}`, () => factList(videos))));
}

// A link to a record opens it.
function follow() {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (target?.tagName === 'DETAILS') {
    target.open = true;
    target.querySelector('summary').focus();
    target.scrollIntoView();
  }
}
