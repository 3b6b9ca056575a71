// Small tools for building pages. Data gets into the page as text only, never as HTML.

/** Makes an element: `h("button.primary", { onclick }, "text", child…)`. */
export function h(what, props, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className += ` ${value}`;
    else if (name in element && name !== "list" && name !== "form") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Shows `items` as the children of `parent`. A child whose item has not changed stays as it is, so
 * that nothing flickers and the keyboard's focus stays where it was.
 */
export function list(parent, items, key, draw, mark = "") {
  const before = parent.drawn ?? new Map();
  const after = new Map();
  let cursor = parent.firstChild;
  for (const item of items) {
    const id = String(key(item));
    const looks = JSON.stringify(item) + (typeof mark === "function" ? mark(item) : mark);
    let row = before.get(id);
    if (!row || row.looks !== looks) {
      const node = draw(item);
      const focused = row && row.node.contains(document.activeElement);
      if (row) {
        if (cursor === row.node) cursor = row.node.nextSibling;
        row.node.replaceWith(node);
        if (node.nextSibling === cursor) cursor = node;
      } else if (parent.drawn) node.classList.add("new");
      row = { looks, node };
      if (focused) node.focus();
    }
    after.set(id, row);
    if (row.node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(row.node, cursor);
  }
  for (const [id, row] of before) if (!after.has(id)) row.node.remove();
  parent.drawn = after;
}

/** Shows one thing, or nothing: drawn anew only when `data` has changed. */
export function show(parent, data, draw) {
  const looks = JSON.stringify(data) ?? "";
  if (parent.looks === looks) return;
  parent.looks = looks;
  parent.replaceChildren(...[draw(data)].flat().filter(Boolean));
}

/** A line at the edge of the window that goes away by itself. */
export function toast(message, kind = "error") {
  const line = h(`div.toast.${kind}`, {}, message, h("button.plain", { ariaLabel: "×", onclick: () => line.remove() }, "×"));
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), kind === "error" ? 9000 : 3500);
}

/** A text with a button that copies it. */
export function copyable(text, shown = text) {
  return h("button.copy", { type: "button", title: "copy", onclick: (event) => { event.stopPropagation(); copy(text); } }, shown);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("✓", "good");
  } catch {
    // Only pages over HTTPS or on the loopback may use the clipboard.
    window.prompt("copy", text);
  }
}

/** A command to try, with a button that copies it. */
export function command(text) {
  return h("div.command", {}, h("pre", { tabIndex: 0 }, text), h("button.plain", { type: "button", onclick: () => copy(text) }, "copy"));
}

/** What is shown where there is nothing yet. */
export function empty(title, text, ...more) {
  return h("div.empty", {}, h("h3", {}, title), h("p", {}, text), ...more);
}

/** A switch; `flip(on)` is called when a person flips it. */
export function toggle(on, label, flip, shown = "") {
  const box = h("input", { type: "checkbox", role: "switch", checked: on, ariaLabel: label, onchange: () => flip(box.checked) });
  return h("label.switch", {}, box, h("span.track", {}), shown);
}

/** JSON, indented and coloured; other text as it is. */
export function pretty(text) {
  let value;
  try {
    value = typeof text === "string" ? JSON.parse(text) : text;
  } catch {
    return h("pre.body", { tabIndex: 0 }, text);
  }
  const block = h("pre.body", { tabIndex: 0 });
  const tokens = JSON.stringify(value, null, 2).split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?)/);
  for (const token of tokens) {
    const kind = /^"/.test(token) ? (/:$/.test(token) ? "key" : "string") : /^(true|false|null|-?\d)/.test(token) ? "value" : "";
    block.append(kind ? h(`span.${kind}`, {}, token) : token);
  }
  return block;
}
