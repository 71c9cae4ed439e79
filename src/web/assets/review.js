// The review page by keyboard: a field that is selected shows its box and crop; Enter or Tab confirms and goes on to the
// next unsure one; each decision is sent at once, one after the other, and nothing is posted before all of them arrived.
"use strict";

(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const words = desk.dataset;
  const said = document.getElementById("said");
  const say = (text) => { said.textContent = text; said.hidden = !text; };
  const form = (id) => document.getElementById(id);
  const fields = [...desk.querySelectorAll(".field")];
  const input = (row) => row.querySelector("textarea, select");
  const clean = (value) => (value.trim() === "" ? "" : value);
  // As it stood when the page came.
  const before = new Map(fields.map((row) => [row, input(row).value]));
  let page = 1;
  let held = words.held === "yes";

  const ask = async (path, body) => {
    let answer;
    try {
      answer = await fetch(words.base + path, { method: "POST", body: new URLSearchParams(body), keepalive: true });
    } catch {
      throw new Error(words.lost);
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || words.lost);
    return told;
  };

  // What was decided goes out in order; what failed is told and keeps the sheet from being posted.
  let last = Promise.resolve();
  const send = (row, value) => {
    const body = { revision: words.revision, key: row.dataset.key, value };
    if ("added" in row.dataset) body.page = row.dataset.page;
    row.dataset.sent = value;
    mark(row, value === "" ? words.gone : value === before.get(row) ? words.ok : words.set);
    last = last.then(() => ask("/decide", body)).then((told) => {
      delete row.dataset.failed;
      mark(row, { confirm: words.ok, remove: words.gone }[told.how] || words.set);
      count();
    }, (e) => {
      row.dataset.failed = "";
      delete row.dataset.sent;
      row.classList.remove("decided");
      state(row).hidden = true;
      say(e.message);
    });
  };
  const count = () => {
    const left = document.getElementById("left");
    if (left) left.textContent = fields.filter(isOpen).length;
    if (!fields.some((r) => "failed" in r.dataset)) say("");
  };
  const state = (row) => row.querySelector(".state");
  const mark = (row, word) => {
    row.classList.add("decided");
    state(row).textContent = "✓ " + word;
    state(row).hidden = false;
    const undo = form("undo");
    if (undo) undo.querySelector("button").hidden = false;
  };
  const isOpen = (row) => "unsure" in row.dataset && !row.classList.contains("decided");
  const rowOf = (element) => element && element.closest(".field");

  const select = (row) => {
    fields.forEach((r) => r.classList.toggle("on", r === row));
    desk.querySelectorAll("rect").forEach((r) => r.classList.toggle("on", r.dataset.row === row.id));
    page = Number(row.dataset.page);
    const spot = desk.querySelector(`rect[data-row="${row.id}"]`);
    const leaves = desk.querySelector(".leaves");
    const target = spot || document.getElementById("p" + page);
    if (target && leaves.scrollHeight > leaves.clientHeight) {
      leaves.scrollTop += target.getBoundingClientRect().top - leaves.getBoundingClientRect().top - leaves.clientHeight / 3;
    }
  };
  const focus = (row) => { const i = input(row); i.focus(); if (i.select) i.select(); };
  const next = (row) => {
    const from = fields.indexOf(row) + 1;
    const open = [...fields.slice(from), ...fields.slice(0, from)].find((r) => r !== row && isOpen(r));
    if (open) return focus(open);
    const post = form("post");
    if (!post) return;
    const rooms = [...post.querySelectorAll("input[name=room]")];
    const at = rooms.find((r) => r.checked) ? form("go") : rooms[0] || document.getElementById("other") || form("go");
    at.focus();
    at.scrollIntoView({ block: "nearest" });
  };
  const decide = (row, value) => { send(row, clean(value)); next(row); };

  // A form goes once everything that was decided has arrived.
  const submit = async (target, set) => {
    if (!target || target.dataset.gone) return;
    await last;
    if (fields.some((r) => "failed" in r.dataset)) return;
    if (set) set();
    target.dataset.gone = "yes";
    target.submit();
  };
  const post = () => {
    const target = form("post");
    if (!target) return;
    const rooms = [...target.querySelectorAll("input[name=room]")];
    const other = document.getElementById("other");
    if (other && !other.value.trim() && !rooms.some((r) => r.checked)) {
      say(words.choose);
      (rooms[0] || other).focus();
      return;
    }
    submit(target);
  };
  const wrongPatient = () => {
    const other = document.getElementById("other");
    const back = document.getElementById("withdraw");
    if (back) return location.assign(back.href);
    if (!other) return;
    desk.querySelectorAll("input[name=room]").forEach((r) => { r.checked = false; });
    other.focus();
  };
  const split = () => {
    const target = desk.querySelector(`.leaf[data-page="${page}"] form.split`);
    if (target) submit(target); else say(words.first);
  };
  const turn = () => submit(desk.querySelector(`.leaf[data-page="${page}"] form.turn`));
  const misdirected = () => submit(form("aside"), () => { document.getElementById("reason").selectedIndex = 1; });

  const keys = { F4: wrongPatient, F6: split, F7: turn, F8: misdirected, F9: post };

  document.addEventListener("keydown", (e) => {
    if (!held || e.isComposing || e.keyCode === 229 || e.altKey || e.metaKey) return;
    const row = rowOf(document.activeElement);
    const box = row && input(row);
    const plain = !e.ctrlKey && !e.shiftKey;
    if (e.key === "Enter" && e.ctrlKey || plain && e.key === "F9") {
      e.preventDefault();
      // What stands in the field that is being written counts.
      if (row && box.value !== before.get(row) && clean(box.value) !== row.dataset.sent) send(row, clean(box.value));
      return post();
    }
    if (plain && keys[e.key]) { e.preventDefault(); return keys[e.key](); }
    if (e.ctrlKey && e.key === "z" && (!row || box.value === before.get(row) || row.classList.contains("decided"))) {
      e.preventDefault();
      return submit(form("undo"));
    }
    if (!row || box.disabled || box.readOnly) return;
    if (plain && e.key === "F2") { e.preventDefault(); box.value = ""; return decide(row, ""); }
    if (plain && (e.key === "Enter" || e.key === "Tab" && isOpen(row))) { e.preventDefault(); decide(row, box.value); }
  });

  desk.addEventListener("focusin", (e) => { const row = rowOf(e.target); if (row) select(row); });
  // Somebody who works with the mouse has decided as well once the field is left changed.
  desk.addEventListener("change", (e) => {
    const row = rowOf(e.target);
    if (row && held && clean(e.target.value) !== row.dataset.sent) send(row, clean(e.target.value));
  });
  desk.addEventListener("click", (e) => {
    const spot = e.target.closest("rect[data-row]");
    const leaf = e.target.closest(".leaf");
    if (leaf) page = Number(leaf.dataset.page);
    if (spot) focus(document.getElementById(spot.dataset.row));
  });
  // Clicked, a button waits as a key does.
  desk.addEventListener("submit", (e) => {
    if (e.target.id === "fields") { e.preventDefault(); return; }
    e.preventDefault();
    if (e.target.id === "post") post(); else submit(e.target);
  });

  // Signs of life while the page is seen; whoever waits learns when it is free.
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const told = await ask("/hold", {});
      if (!told.mine && held) { held = false; say(told.says); }
      if (!told.mine) { const others = document.getElementById("others"); if (others) others.firstChild.textContent = told.says + "　"; }
      if (told.mine && words.held === "no") location.reload();
    } catch (e) {
      say(e.message);
    }
  }, Number(words.beat) * 1000);

  // Back on the page that was turned, else at the first thing to decide.
  const turned = /^#p(\d+)$/.exec(location.hash);
  if (turned) page = Number(turned[1]);
  const first = held && fields.find((r) => isOpen(r) && (!turned || r.dataset.page === turned[1]));
  if (first) focus(first); else if (held && !turned) next(fields[0]);
})();
