// Points of a map as small pictures, stamped into one large one.

// Lays a small picture over a large one, middle on (x, y). Thousands take milliseconds, where as many calls of
// the canvas take seconds on a machine without a graphics card.
function stamp(pixels, width, height, small, x, y) {
  const { half, offsets, colours, alphas } = small;
  if (x < half || y < half || x + half >= width || y + half >= height) return;
  const middle = y * width + x;
  for (let n = 0; n < offsets.length; n += 1) {
    const at = middle + offsets[n];
    pixels[at] = alphas[n] > 250 ? colours[n] : mixed(colours[n], pixels[at], alphas[n]);
  }
}

// Two packed colours, ``alpha`` of 255 of the first.
function mixed(over, under, alpha) {
  const rest = 255 - alpha;
  const red = ((over & 255) * alpha + (under & 255) * rest) >> 8;
  const green = (((over >> 8) & 255) * alpha + ((under >> 8) & 255) * rest) >> 8;
  const blue = (((over >> 16) & 255) * alpha + ((under >> 16) & 255) * rest) >> 8;
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function packed(text) {
  const [red, green, blue] = text.match(/\d+/g).map(Number);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// One small picture for each class, drawn once and stamped many times.
function drawSprite(number, size, faint, width, style) {
  const ratio = window.devicePixelRatio || 1;
  const half = Math.ceil((size * 1.3 + 1) * ratio);
  const context = el('canvas', { width: 2 * half + 1, height: 2 * half + 1 }).getContext('2d', { willReadFrequently: true });
  context.translate(half + 0.5, half + 0.5);
  context.scale(ratio, ratio);
  context.globalAlpha = faint ? 0.2 : 1;
  const hue = number < 0 || faint ? '#8a8f94' : colour(number);
  context.fillStyle = hue === 'currentColor' ? style.color : hue;
  const kind = number < 0 ? 'circle' : shape(number);
  context.beginPath();
  if (kind === 'circle') context.arc(0, 0, size, 0, 2 * Math.PI);
  else if (kind === 'square') context.rect(-size * 0.9, -size * 0.9, size * 1.8, size * 1.8);
  else if (kind === 'triangle') { context.moveTo(0, -size * 1.15); context.lineTo(size * 1.1, size * 0.85); context.lineTo(-size * 1.1, size * 0.85); }
  else { context.moveTo(0, -size * 1.3); context.lineTo(size * 1.3, 0); context.lineTo(0, size * 1.3); context.lineTo(-size * 1.3, 0); }
  context.fill();
  return listed(context.getImageData(0, 0, 2 * half + 1, 2 * half + 1), half, width);
}

// The pixels of a small picture that are not empty: where they come to lie in a large one, colour, alpha.
function listed({ data, width: side }, half, width) {
  const kept = [...Array(side * side).keys()].filter((n) => data[4 * n + 3] > 8);
  return {
    half,
    offsets: Int32Array.from(kept, (n) => (Math.floor(n / side) - half) * width + (n % side) - half),
    colours: Uint32Array.from(kept, (n) => packed(`${data[4 * n]} ${data[4 * n + 1]} ${data[4 * n + 2]}`)),
    alphas: Uint8Array.from(kept, (n) => data[4 * n + 3]),
  };
}
