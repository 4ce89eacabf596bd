// Elements and text. Whatever comes from the data becomes a text node or a checked attribute, never markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'on') {
      for (const [event, action] of Object.entries(value)) node.addEventListener(event, action);
    } else if (value === true) {
      node.setAttribute(name, '');
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== '') {
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }
  return node;
}

const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const sv = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const empty = (node) => { node.replaceChildren(); return node; };

function choice(label, options, picked, action) {
  const select = el('select', { on: { change: () => action(Number(select.value)) } });
  options.forEach((text, index) => select.append(el('option', { value: index, selected: index === picked }, text)));
  return el('label', { class: 'choice' }, el('span', {}, label), select);
}

// The one tip of the page: what is pointed at, or walked to with the keyboard. Screen readers hear it.
const tip = document.getElementById('tip');

function showTip(lines, x, y, picture) {
  empty(tip).append(...lines.filter(Boolean).map((line, index) => el(index ? 'div' : 'strong', {}, line)));
  if (picture) tip.prepend(el('img', { src: picture, alt: '' }));
  tip.hidden = false;
  const wide = tip.offsetWidth;
  const high = tip.offsetHeight;
  tip.style.left = `${Math.max(4, Math.min(x + 14, window.innerWidth - wide - 4))}px`;
  tip.style.top = `${y + 18 + high < window.innerHeight ? y + 18 : Math.max(4, y - high - 12)}px`;
}

function hideTip() {
  tip.hidden = true;
}

function tipAt(node, lines, picture) {
  const box = node.getBoundingClientRect();
  showTip(lines, box.left + box.width / 2, box.top + box.height / 2, picture);
}

function hoverable(node, lines) {
  node.addEventListener('pointerenter', (event) => showTip(lines, event.clientX, event.clientY));
  node.addEventListener('pointermove', (event) => showTip(lines, event.clientX, event.clientY));
  node.addEventListener('pointerleave', hideTip);
  return node;
}
