"use strict";
// Controls only: all content was made in Python, and is stored in compressed blocks.
document.documentElement.classList.add("scripted");
(() => {
  const blocks = new Map();
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  /** Inflate a block once, and return its parts. */
  function partsOf(name) {
    if (!blocks.has(name)) {
      const bytes = Uint8Array.from(atob(document.getElementById(name).textContent), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      blocks.set(name, new Response(stream).json());
    }
    return blocks.get(name);
  }

  /** Show a part: its address is "block/number". */
  async function fill(target, address) {
    const [name, number] = address.split("/");
    target.setAttribute("aria-busy", "true");
    try {
      target.innerHTML = (await partsOf(name))[Number(number)];
    } catch (error) {
      target.textContent = "This browser cannot read the compressed data of the page: " + error.message;
    }
    target.removeAttribute("aria-busy");
    target.hidden = false;
    target.dispatchEvent(new CustomEvent("filled", { bubbles: true }));
  }

  function setUpColours() {
    const button = document.getElementById("theme");
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      show();
    });
    system.addEventListener("change", show);
    show();
  }

  function setUpOptimizers() {
    const chooser = document.getElementById("choose-optimizer");
    if (!chooser) return;
    const show = (anchor) => {
      for (const panel of all(".panel")) panel.hidden = panel.id !== anchor;
      chooser.value = anchor;
    };
    chooser.addEventListener("change", () => show(chooser.value));
    const follow = () => {
      const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const panel = target && target.closest(".panel");
      if (panel) {
        show(panel.id);
        target.scrollIntoView();
        const heading = target.matches(".panel") ? target.querySelector("h2") : target;
        heading.focus({ preventScroll: true });
      }
    };
    addEventListener("hashchange", follow);
    show(chooser.value);
    follow();
  }

  function setUpLandscapes(panel) {
    const table = panel.querySelector("table.landscapes");
    if (!table) return;
    const body = table.tBodies[0];
    const name = panel.querySelector(".filter-name");
    const verdict = panel.querySelector(".filter-verdict");
    const count = panel.querySelector(".count");
    const rows = all("tr.landscape", body);
    const opened = (row) => (row.nextElementSibling && row.nextElementSibling.matches(".opened-row") ? row.nextElementSibling : null);

    const filter = () => {
      const words = name.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.cells[0].dataset.value.toLowerCase();
        const of = row.dataset.verdict;
        const fits = !verdict.value || of === verdict.value || (verdict.value === "moved" && of !== "same");
        row.hidden = !(fits && words.every((word) => text.includes(word)));
        if (opened(row)) opened(row).hidden = row.hidden || row.dataset.open !== "true";
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} landscapes`;
    };
    name.addEventListener("input", filter);
    verdict.addEventListener("change", filter);
    filter();

    const order = ["worse", "not-comparable", "changed", "better", "new", "same"];
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const ascending = head.getAttribute("aria-sort") !== "ascending";
        for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        const key = (row) => {
          const cell = row.cells[column];
          const value = cell.dataset.value ?? cell.textContent;
          if (head.dataset.kind === "number") return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
          return head.dataset.kind === "verdict" ? order.indexOf(value) : value;
        };
        const sorted = rows.map((row) => [key(row), row]);
        sorted.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (ascending ? 1 : -1));
        for (const [, row] of sorted) {
          const below = opened(row);
          body.append(row);
          if (below) body.append(below);
        }
      });
    });

    body.addEventListener("click", (event) => {
      const button = event.target.closest("button.expand");
      if (!button) return;
      const row = button.closest("tr");
      const isOpen = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!isOpen));
      row.dataset.open = String(!isOpen);
      let below = opened(row);
      if (!below) {
        below = document.createElement("tr");
        below.className = "opened-row";
        const cell = below.insertCell();
        cell.colSpan = row.cells.length;
        row.after(below);
        fill(cell, button.dataset.part);
      }
      below.hidden = isOpen;
    });
  }

  function setUpParts() {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button.more");
      if (!button) return;
      const target = button.parentElement.nextElementSibling;
      const isOpen = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!isOpen));
      if (isOpen) target.hidden = true;
      else fill(target, button.dataset.part);
    });
    for (const chooser of all("select.choose-state")) {
      const target = document.getElementById(chooser.dataset.target);
      chooser.addEventListener("change", () => {
        if (chooser.value) fill(target, chooser.value);
        else target.hidden = true;
      });
    }
  }

  function setUpCopying() {
    document.addEventListener("click", async (event) => {
      const button = event.target.closest("button.copy");
      if (!button) return;
      let copied = true;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(button.parentElement.querySelector("code"));
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        copied = document.execCommand("copy");
      }
      button.textContent = copied ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  /** Read the numbers of a picture one by one: arrow keys, once it has the focus, step through the rows of its table. */
  function setUpTips() {
    const tip = document.getElementById("tip");
    let at = -1;
    const hide = () => {
      tip.hidden = true;
      at = -1;
    };
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      const drawing = document.activeElement && document.activeElement.closest(".drawing");
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
      const table = drawing && step && drawing.closest("figure").querySelector("table");
      const rows = table ? Array.from(table.tBodies[0].rows) : [];
      if (!rows.length) return undefined;
      event.preventDefault();
      at = at < 0 ? (step > 0 && step < Infinity ? 0 : step > 0 ? rows.length - 1 : 0) : Math.min(Math.max(at + step, 0), rows.length - 1);
      const heads = all("thead th", table).map((head) => head.textContent);
      const cells = Array.from(rows[at].cells, (cell, k) => (k ? `${heads[k]} ${cell.textContent}` : cell.textContent));
      tip.textContent = `${cells.join("; ")} (${at + 1} of ${rows.length})`;
      tip.hidden = false;
      const box = drawing.getBoundingClientRect();
      const own = tip.getBoundingClientRect();
      const place = (value, most) => Math.min(Math.max(value, 4), most - 4);
      tip.style.left = `${place(box.x + 8, innerWidth - own.width)}px`;
      tip.style.top = `${place(box.bottom + 4, innerHeight - own.height)}px`;
      return undefined;
    });
    document.addEventListener("focusout", hide);
    addEventListener("scroll", hide, { passive: true });
  }

  document.addEventListener("DOMContentLoaded", () => {
    setUpColours();
    for (const panel of all(".panel")) setUpLandscapes(panel);
    setUpOptimizers();
    setUpParts();
    setUpCopying();
    setUpTips();
    document.documentElement.dataset.ready = "true";
  });
})();
