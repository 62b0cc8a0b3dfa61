// The console: asks the server once a second while somebody looks, and shows the page that the
// address names.
import { api, setKey } from "./api.js";
import { ask, textField } from "./dialogs.js";
import { h } from "./dom.js";
import { count, duration, visible } from "./format.js";
import { Overview } from "./overview.js";
import { RoomView } from "./room.js";

const EVERY_MS = 1000;
const HISTORY = 300;

const history = []; // of the whole server, a row a second
const main = document.getElementById("view");
const banner = document.getElementById("banner");
let view = null;
let asking = false;

function route() {
  const match = location.hash.match(/^#\/room\/(.+)$/);
  let name = null;
  try {
    name = match && decodeURIComponent(match[1]);
  } catch {
    /* not an address of ours: the overview */
  }
  view = name === null ? new Overview(history) : new RoomView(name);
  document.title = name === null ? "gavel console" : `${name} – gavel console`;
  main.replaceChildren(view.element);
  scrollTo(0, 0);
}

function remember(stats) {
  if (stats.rates === null) return;
  history.push({
    at: Date.now(),
    in: stats.rates.messages_in,
    out: stats.rates.messages_out,
    p50: stats.latency.delivery?.p50_ms ?? null,
    p99: stats.latency.delivery?.p99_ms ?? null,
  });
  if (history.length > HISTORY) history.shift();
}

function showFacts(stats) {
  document
    .getElementById("facts")
    .replaceChildren(
      h("span", {}, `version ${stats.version}`),
      h("span", {}, `up ${duration(stats.uptime_ms)}`),
      h("span", {}, `listens on ${stats.listen.join(", ")}`),
      h(
        "span",
        { class: `chip ${stats.store.ok ? "good" : "bad"}`, title: stats.store.detail },
        `store ${stats.store.name}${stats.store.ok ? "" : ": " + visible(stats.store.detail)}`,
      ),
      ...(stats.draining
        ? [h("span", { class: "chip warm" }, `draining: ${count(stats.connections)} left`)]
        : []),
    );
}

function showTrouble(error) {
  banner.hidden = error === null;
  if (error === null) return;
  banner.textContent =
    error.code === "unknown_room"
      ? "Nobody is in this room, and nothing of it is kept."
      : error.status
        ? `The server answered: ${error.message}`
        : "The server does not answer. Trying again every second.";
}

async function askForKey() {
  if (asking) return;
  asking = true;
  await ask({
    title: "Admin key",
    text: "This server wants the key from its --admin-key-file. It stays in this tab only.",
    fields: [textField("Key", "key", { type: "password", required: true })],
    action: "Open",
    act: async (values) => {
      setKey(values.get("key"));
      await api.stats();
    },
  });
  asking = false;
}

async function tick() {
  if (document.visibilityState === "visible") {
    const shown = view;
    try {
      const stats = await api.stats();
      remember(stats);
      showFacts(stats);
      await shown.update(stats);
      showTrouble(null);
    } catch (error) {
      if (error.status === 401) askForKey();
      else if (shown === view) showTrouble(error);
    }
  }
  setTimeout(tick, EVERY_MS);
}

// --- colours: as the system wants them, unless somebody chose ---

const THEMES = ["auto", "light", "dark"];
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  const chosen = localStorage.getItem("gavel-theme") ?? "auto";
  document.documentElement.dataset.theme =
    chosen === "auto" ? (systemDark.matches ? "dark" : "light") : chosen;
  document.getElementById("theme").textContent = {
    auto: "◐ Auto",
    light: "☀ Light",
    dark: "☾ Dark",
  }[chosen];
}

document.getElementById("theme").addEventListener("click", () => {
  const chosen = localStorage.getItem("gavel-theme") ?? "auto";
  localStorage.setItem("gavel-theme", THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length]);
  showTheme();
});
systemDark.addEventListener("change", showTheme);
addEventListener("hashchange", route);

showTheme();
route();
tick();
