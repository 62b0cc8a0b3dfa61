// Questions before something is done to players.
import { h } from "./dom.js";

// fields: elements with a name; act(values) does it and throws where it fails. Resolves true
// when it was done.
export function ask({ title, text, fields = [], action, danger = false, act }) {
  return new Promise((resolve) => {
    const failed = h("div", { class: "failed", role: "alert", hidden: true });
    const button = h(
      "button",
      { class: danger ? "primary danger" : "primary", type: "submit" },
      action,
    );
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", {}, title),
      text && h("p", {}, text),
      fields,
      failed,
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        button,
      ),
    );
    const dialog = h(
      "dialog",
      {
        onclose: () => {
          dialog.remove();
          resolve(false);
        },
      },
      form,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      failed.hidden = true;
      try {
        await act(new FormData(form));
        resolve(true);
        dialog.close();
      } catch (error) {
        failed.textContent = error.message;
        failed.hidden = false;
        button.disabled = false;
      }
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const textField = (label, name, props = {}) =>
  h("label", {}, label, h("input", { type: "text", name, autocomplete: "off", ...props }));

export const checkField = (label, name) =>
  h("label", { class: "row" }, h("input", { type: "checkbox", name }), label);
