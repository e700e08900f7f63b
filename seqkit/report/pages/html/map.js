"use strict";
const inflate = async text => {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  return new Uint8Array(await new Response(
    new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
};
const join = (planes, count, at, size) => {  // numbers from their byte planes
  const out = new Uint32Array(count);
  for (let b = 0; b < size; b++)
    for (let i = 0; i < count; i++) out[i] |= planes[at + b * count + i] << (8 * b);
  return out;
};
const spread = v => {  // a bit between each two bits
  v = (v | v << 8) & 0xff00ff; v = (v | v << 4) & 0xf0f0f0f; v = (v | v << 2) & 0x33333333;
  return (v | v << 1) & 0x55555555;
};
async function read(data) {
  const labels = JSON.parse(new TextDecoder().decode(await inflate(data.labels))), n = labels.length;
  const planes = await inflate(data.places), gx = join(planes, n, 0, 2), gy = join(planes, n, 2 * n, 2);
  const code = Float64Array.from(gx, (x, i) => (spread(x) | spread(gy[i]) << 1) >>> 0);
  const order = Uint32Array.from(labels.keys()).sort((a, b) => code[a] - code[b] || a - b);
  const rank = new Uint32Array(n);
  order.forEach((i, r) => rank[i] = r);
  const near = [];
  for (const text of data.neighbours) {
    const ways = join(await inflate(text), n, 0, 3);
    near.push(ways.map((w, i) => order[rank[i] + (w & 1 ? -(w + 1) / 2 : w / 2)]));
  }
  const scale = (g, k) => Float64Array.from(g, v => data.low[k] + v / 65535 * (data.high[k] - data.low[k]));
  return {labels, x: scale(gx, 0), y: scale(gy, 1), group: join(await inflate(data.group), n, 0, 2), near};
}
async function start() {
  const byId = id => document.getElementById(id), data = JSON.parse(byId("data").textContent);
  const {labels, x, y, group, near} = await read(data), n = labels.length;
  const index = new Map(labels.map((word, i) => [word, i]));
  const canvas = byId("canvas"), pen = canvas.getContext("2d");
  const width = Math.max(data.high[0] - data.low[0], 1e-9);
  const height = Math.max(data.high[1] - data.low[1], 1e-9);
  let zoom = 1, chosen = -1, asked = false;
  let middle = [(data.low[0] + data.high[0]) / 2, (data.low[1] + data.high[1]) / 2];
  const unit = () => {  // pixels for 1 in each direction
    const a = .88 * canvas.clientWidth / width, b = .88 * canvas.clientHeight / height, both = Math.min(a, b);
    return data.axes.length ? [a * zoom, b * zoom] : [both * zoom, both * zoom];
  };
  const toScreen = (px, py, u) => [
    canvas.clientWidth / 2 + (px - middle[0]) * u[0], canvas.clientHeight / 2 - (py - middle[1]) * u[1]];
  const colour = i => data.colours[group[i] % data.colours.length];
  const neighbours = i => near.map(row => row[i]);
  function draw() {
    asked = false;
    const ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight, u = unit();
    canvas.width = w * ratio; canvas.height = h * ratio;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0); pen.font = "13px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const size = n > 5000 ? Math.min(3, 1 + zoom / 8) : 3, shown = [];
    if (data.axes.length) {
      const [ox, oy] = toScreen(0, 0, u);
      pen.strokeStyle = "#bbb"; pen.beginPath(); pen.moveTo(ox, 0); pen.lineTo(ox, h); pen.moveTo(0, oy);
      pen.lineTo(w, oy); pen.stroke();
      pen.fillStyle = "#595959"; pen.textAlign = "right";
      pen.fillText(data.axes[0], w - 8, Math.min(Math.max(oy - 10, 10), h - 10));
      pen.textAlign = "left"; pen.fillText(data.axes[1], Math.min(Math.max(ox + 6, 6), w - 90), 12);
    }
    if (chosen >= 0) {
      const from = toScreen(x[chosen], y[chosen], u);
      pen.strokeStyle = "#999"; pen.beginPath();
      for (const j of neighbours(chosen)) { pen.moveTo(...from); pen.lineTo(...toScreen(x[j], y[j], u)); }
      pen.stroke();
    }
    for (let i = 0; i < n; i++) {
      const [sx, sy] = toScreen(x[i], y[i], u);
      if (sx < -5 || sy < -5 || sx > w + 5 || sy > h + 5) continue;
      pen.fillStyle = colour(i); pen.fillRect(sx - size / 2, sy - size / 2, size, size); shown.push(i);
    }
    const taken = new Set();  // cells of 8 pixels that labels fill
    const first = chosen < 0 ? [] : [chosen, ...neighbours(chosen)];
    let tried = 0;
    for (const i of first.concat(shown)) {
      if (tried++ > 4000) break;
      const [sx, sy] = toScreen(x[i], y[i], u), long = pen.measureText(labels[i]).width + 6, cells = [];
      for (let cx = Math.floor(sx / 8); cx <= Math.floor((sx + long) / 8); cx++)
        for (let cy = Math.floor((sy - 7) / 8); cy <= Math.floor((sy + 7) / 8); cy++)
          cells.push(cx + 1000003 * cy);
      if (cells.some(cell => taken.has(cell))) continue;
      cells.forEach(cell => taken.add(cell));
      pen.textAlign = "left"; pen.font = (i === chosen ? "bold " : "") + "13px system-ui, sans-serif";
      pen.fillStyle = colour(i); pen.fillText(labels[i], sx + 4, sy);
    }
  }
  const redraw = () => { if (!asked) { asked = true; requestAnimationFrame(draw); } };
  function choose(i, move) {
    chosen = i;
    byId("list").replaceChildren(...(i < 0 ? [] : neighbours(i)).map(j => {
      const item = document.createElement("li"), button = document.createElement("button");
      button.textContent = labels[j]; button.onclick = () => choose(j, true); item.append(button);
      return item;
    }));
    byId("said").textContent = i < 0 ? "" : `Nearest to “${labels[i]}” by cosine, the nearest first:`;
    if (move && i >= 0) { middle = [x[i], y[i]]; zoom = Math.max(zoom, Math.min(12, Math.sqrt(n) / 8)); }
    redraw();
  }
  byId("form").onsubmit = event => {
    event.preventDefault();
    const word = byId("search").value.trim(), small = word.toLowerCase();
    let i = index.get(word) ?? index.get(small) ?? -1;
    if (i < 0 && small) i = labels.findIndex(label => label.toLowerCase().startsWith(small));
    choose(i, true);
    if (i < 0) byId("said").textContent = `“${word}” is not on this map.`;
  };
  let held = null;
  canvas.onpointerdown = e => { held = [e.clientX, e.clientY, 0]; canvas.setPointerCapture(e.pointerId); };
  canvas.onpointermove = e => {
    if (!held) return;
    const u = unit(), dx = e.clientX - held[0], dy = e.clientY - held[1];
    middle = [middle[0] - dx / u[0], middle[1] + dy / u[1]];
    held = [e.clientX, e.clientY, held[2] + Math.abs(dx) + Math.abs(dy)];
    redraw();
  };
  canvas.onpointerup = e => {
    if (held && held[2] < 5) {
      const box = canvas.getBoundingClientRect(), u = unit(); let best = -1, far = 400;
      for (let i = 0; i < n; i++) {
        const [sx, sy] = toScreen(x[i], y[i], u);
        const d = (sx - e.clientX + box.left) ** 2 + (sy - e.clientY + box.top) ** 2;
        if (d < far) { far = d; best = i; }
      }
      choose(best, false);
    }
    held = null;
  };
  canvas.addEventListener("wheel", e => {
    e.preventDefault();
    const box = canvas.getBoundingClientRect(), before = unit();
    const px = e.clientX - box.left - canvas.clientWidth / 2;
    const py = e.clientY - box.top - canvas.clientHeight / 2;
    zoom = Math.min(500, Math.max(.5, zoom * Math.exp(-e.deltaY / 500)));
    const after = unit();  // the place below the pointer stays there
    middle = [middle[0] + px / before[0] - px / after[0], middle[1] - py / before[1] + py / after[1]];
    redraw();
  }, {passive: false});
  window.onresize = redraw;
  if (data.groups.length > 1) data.groups.forEach((name, k) => {
    const part = document.createElement("span"), dot = document.createElement("i");
    dot.style.background = data.colours[k % data.colours.length]; part.append(dot, name);
    byId("key").append(part);
  });
  redraw();
}
start().catch(error => {
  document.getElementById("said").textContent = `This browser cannot open the map: ${error}`;
});
