// 打码: a part drawn on the photo becomes a row of numbers, and a row is seen on the photo; without this file the numbers are typed.
const SVG = "http://www.w3.org/2000/svg";
const SMALLEST = 1;

export function covering() {
  const form = document.querySelector("[data-covering]");
  if (!form) return;
  const svg = form.querySelector("svg"), rows = [...form.querySelectorAll("tbody tr")];
  for (const hidden of form.querySelectorAll("[data-drawing]")) hidden.hidden = false;
  const inputs = row => [...row.querySelectorAll("input")];
  const rect = sides => {
    const one = document.createElementNS(SVG, "rect");
    ["x", "y", "width", "height"].forEach((name, at) => one.setAttribute(name, sides[at]));
    return one;
  };
  const show = () => {
    const parts = rows.map(row => inputs(row).map(one => one.value.trim())).filter(row => row.every(Boolean)).map(row => row.map(Number));
    svg.replaceChildren(...parts.filter(row => row.every(one => one >= 0)).map(rect));
  };
  const write = (row, sides) => { inputs(row).forEach((one, at) => { one.value = sides ? sides[at].toFixed(1) : ""; }); show(); };
  rows.forEach(row => row.querySelector("button").addEventListener("click", () => { write(row, null); inputs(row)[0].focus(); }));
  form.addEventListener("input", show);

  let from = null, drawn = null;
  const at = event => {
    const box = svg.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map(one => 100 * Math.min(1, Math.max(0, one)));
  };
  const between = ([x, y], [u, v]) => [Math.min(x, u), Math.min(y, v), Math.abs(u - x), Math.abs(v - y)];
  const end = () => { from = null; drawn?.remove(); drawn = null; };
  svg.addEventListener("pointerdown", event => {
    if (event.button) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    from = at(event);
    svg.append(drawn = rect([...from, 0, 0]));
  });
  svg.addEventListener("pointermove", event => {
    if (!from) return;
    const next = rect(between(from, at(event)));
    drawn.replaceWith(next);
    drawn = next;
  });
  svg.addEventListener("pointerup", event => {
    if (!from) return;
    const sides = between(from, at(event));
    end();
    const free = rows.find(row => !inputs(row).some(one => one.value.trim()));
    if (free && sides[2] >= SMALLEST && sides[3] >= SMALLEST) write(free, sides);
  });
  svg.addEventListener("pointercancel", end);
}
