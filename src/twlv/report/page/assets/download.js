// Files that the page gives away: CSV of what a figure shows, and the figure as SVG that stands alone.

function save(name, text, type) {
  const link = el('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// A text that a spreadsheet would run as a formula gets an apostrophe before it.
function csvCell(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csvText = ({ columns, rows }) => `${[columns, ...rows].map((row) => row.map(csvCell).join(',')).join('\n')}\n`;

const KEPT = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'opacity', 'fill-opacity',
  'font-size', 'font-weight', 'text-anchor', 'dominant-baseline'];

function svgText(node) {
  const copy = node.cloneNode(true);
  const originals = [node, ...node.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((part, index) => {
    const style = getComputedStyle(originals[index]);
    for (const name of KEPT) part.setAttribute(name, style.getPropertyValue(name));
    part.removeAttribute('class');
    part.removeAttribute('tabindex');
  });
  const paper = getComputedStyle(document.body).backgroundColor;
  copy.prepend(sv('rect', { width: '100%', height: '100%', fill: paper }));
  copy.setAttribute('xmlns', SVG);
  copy.setAttribute('font-family', 'system-ui, sans-serif');
  return new XMLSerializer().serializeToString(copy);
}
