// The tuning page: a rectangle drawn on a page fills the four numbers of the form; pointing at a row shows its place.
"use strict";
(() => {
  const NS = "http://www.w3.org/2000/svg";
  let from = null, box = null;
  const field = id => document.getElementById(id);
  const at = (svg, e) => {
    const r = svg.getBoundingClientRect();
    const clip = x => Math.min(1, Math.max(0, x));
    return [clip((e.clientX - r.left) / r.width), clip((e.clientY - r.top) / r.height)];
  };
  const draw = svg => {
    const [w, h] = [Number(svg.dataset.w), Number(svg.dataset.h)];
    const n = [0, 1, 2, 3].map(i => Number(field(`r${i}`).value));
    if (!box || box.ownerSVGElement !== svg) {
      svg.querySelectorAll("rect.region").forEach(r => r.remove());
      box = document.createElementNS(NS, "rect");
      box.setAttribute("class", "region");
      svg.append(box);
    }
    [["x", n[0] * w], ["y", n[1] * h], ["width", (n[2] - n[0]) * w], ["height", (n[3] - n[1]) * h]]
      .forEach(([k, v]) => box.setAttribute(k, Math.max(0, v)));
  };
  document.addEventListener("pointerdown", e => {
    const svg = e.target.closest?.("svg.traces");
    if (!svg || !field("r0") || e.button !== 0) return;
    e.preventDefault();
    svg.setPointerCapture(e.pointerId);
    from = { svg, start: at(svg, e) };
  });
  document.addEventListener("pointermove", e => {
    if (!from) return;
    const [a, b] = [from.start, at(from.svg, e)];
    const numbers = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    if (numbers[2] - numbers[0] < 0.005 || numbers[3] - numbers[1] < 0.003) return;
    numbers.forEach((n, i) => { field(`r${i}`).value = n.toFixed(4); });
    const number = from.svg.closest("figure").dataset.page;
    [...field("page").options].forEach(o => { if (o.dataset.number === number) o.selected = true; });
    draw(from.svg);
  });
  document.addEventListener("pointerup", () => { from = null; });
  document.addEventListener("input", e => {
    if (!/^r[0-3]$/.test(e.target.id ?? "")) return;
    const number = field("page").selectedOptions[0]?.dataset.number;
    const figure = document.querySelector(number ? `figure[data-page="${number}"]` : "figure[data-page]");
    const svg = figure?.querySelector("svg.traces");
    if (svg) draw(svg);
  });
  const point = (e, on) => {
    const key = e.target.closest?.("#fields tr")?.dataset.key;
    if (key) document.querySelectorAll(`svg.traces [data-key="${CSS.escape(key)}"]`).forEach(r => r.classList.toggle("pointed", on));
  };
  ["mouseover", "focusin"].forEach(n => document.addEventListener(n, e => point(e, true)));
  ["mouseout", "focusout"].forEach(n => document.addEventListener(n, e => point(e, false)));
  document.addEventListener("change", e => {
    // Another hospital or type: its own rule is to be seen first.
    if (!["when", "file"].includes(e.target.id) || !e.target.form || e.target.form.id !== "rule") return;
    const asked = new URLSearchParams(["field", "when", "file", "todo"].map(n => [n, e.target.form.elements[n].value]));
    location.assign(`${location.pathname}?${asked}#rule`);
  });
})();
