// Elements from values. Text from outside goes in as text nodes only, never as markup.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(
    ...children
      .flat()
      .filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A text node's content, touched only when it differs: a page that is redrawn each second
// keeps its selection.
export function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function card(title, note, ...content) {
  return h(
    "section",
    { class: "card" },
    h("header", {}, h("h2", {}, title), note && h("span", { class: "note" }, note)),
    ...content,
  );
}

export function tile(label) {
  const value = h("div", { class: "value" }, "–");
  const sub = h("div", { class: "sub" }, "\u00a0");
  return {
    element: h("div", { class: "card tile" }, h("div", { class: "label" }, label), value, sub),
    show([number, unit = ""], note = "\u00a0") {
      if (value.dataset.shown !== number + unit) {
        value.dataset.shown = number + unit;
        value.replaceChildren(number, unit && h("small", {}, unit));
      }
      set(sub, note);
    },
  };
}

// Rows of a table that is shown anew each second: those that stay are the same elements, so that
// a click, the focus or a selection in them is not lost. make(item) gives { element, show(item) }.
export class Rows {
  constructor(make) {
    this.element = h("tbody", {});
    this.make = make;
    this.rows = new Map();
  }

  // Without items, `empty` stands there instead.
  show(items, keyOf, columns, empty) {
    const rows = new Map();
    for (const item of items) {
      const key = keyOf(item);
      const row = this.rows.get(key) ?? this.make(item);
      row.show(item);
      rows.set(key, row);
    }
    const wanted = [...rows.values()].map((row) => row.element);
    if (wanted.length === 0) {
      wanted.push(h("tr", {}, h("td", { class: "text empty", colSpan: columns }, empty)));
    }
    for (const element of [...this.element.children]) {
      if (!wanted.includes(element)) element.remove();
    }
    wanted.forEach((element, at) => {
      const there = this.element.children[at];
      if (there !== element) this.element.insertBefore(element, there ?? null);
    });
    this.rows = rows;
  }
}

// A cell that shows a number; one that is zero is not in the way.
export function numberCell() {
  const element = h("td", {});
  return {
    element,
    show(text, value) {
      set(element, text);
      element.classList.toggle("zero", value === 0);
    },
  };
}
