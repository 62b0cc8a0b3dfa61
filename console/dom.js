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
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A text node's content, touched only when it differs: a page that is redrawn each second keeps its selection.
export function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function card(title, note, ...content) {
  return h("section", { class: "card" },
    h("header", {}, h("h2", {}, title), note && h("span", { class: "note" }, note)), ...content);
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
