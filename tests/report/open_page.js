// Opens a map page without a browser: a stand-in for its elements, then a search, a zoom and a click; prints what it says.
const html = require("fs").readFileSync(process.argv[2], "utf8");
const texts = [];
const pen = new Proxy({}, {
  get: (t, k) => k === "measureText" ? s => ({width: 7 * s.length}) : k === "fillText" ? (s, x, y) => texts.push([s, x, y]) : t[k] ?? (() => {}),
});
const make = () => ({
  children: [], style: {}, value: "", textContent: "", clientWidth: 1000, clientHeight: 800, getContext: () => pen,
  append(...c) { this.children.push(...c); }, replaceChildren(...c) { this.children = c; }, setPointerCapture() {},
  addEventListener(name, f) { this["on" + name] = f; }, getBoundingClientRect: () => ({left: 0, top: 0}),
});
const elements = new Proxy({}, {get: (t, k) => t[k] ?? (t[k] = make())});
global.document = {getElementById: id => elements[id], createElement: make};
global.window = {devicePixelRatio: 2};
global.requestAnimationFrame = f => f();
elements.data.textContent = html.match(/<script id="data" type="application\/json">([\s\S]*?)<\/script>/)[1];
new Function(html.match(/<script>\n([\s\S]*?)<\/script>/)[1])();
setTimeout(() => {
  const found = {labels: texts.map(t => t[0])}, canvas = elements.canvas, stop = {preventDefault() {}};
  const near = () => [elements.said.textContent, elements.list.children.map(item => item.children[0].textContent)];
  elements.search.value = process.argv[3]; elements.form.onsubmit(stop); found.searched = near();
  texts.length = 0; canvas.onwheel({...stop, clientX: 300, clientY: 200, deltaY: -300});
  const [, x, y] = texts[0];  // of the word chosen, whose label is drawn first
  elements.search.value = "nobody"; elements.form.onsubmit(stop); found.unknown = near();
  canvas.onpointerdown({clientX: x - 4, clientY: y, pointerId: 1}); canvas.onpointerup({clientX: x - 4, clientY: y}); found.clicked = near();
  console.log(JSON.stringify(found));
}, 500);
