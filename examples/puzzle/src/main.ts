// Wires the room to the board, the board to the view, and the hands to the room.
import { type Gap, join, type Room, type RoomMessage } from "../../../sdk/typescript/src/index.js";
import { type Board, EMPTY, fingerprint, progress, reduce, SIZES } from "./board.js";
import { Hands } from "./hands.js";
import { colorOf, View } from "./view.js";

const HERE_EVERY_MS = 25_000;
const AWAY_MS = 60_000;

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const query = new URLSearchParams(location.search);
const roomName = query.get("room") || "puzzle-1";
const url =
  query.get("server") ?? `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;

const canvas = find<HTMLCanvasElement>("table");
const view = new View(canvas);
let board: Board = EMPTY;
let room: Room | null = null;
let caughtUpAt = Infinity; // the room's last message at the join
let lastTs = 0;

const hands = new Hands(canvas, view, () => board, send, say);

function send(message: { type: string; [field: string]: unknown }): void {
  // What is refused for good is told by the room's error event.
  room?.send(message).catch(() => {});
}

// --- words ---

let quiet = 0;
function say(text: string): void {
  const toast = find("toast");
  toast.textContent = text;
  toast.classList.add("on");
  clearTimeout(quiet);
  quiet = window.setTimeout(() => toast.classList.remove("on"), 2600);
}

function banner(text: string, kind: "wait" | "end" | "" = ""): void {
  const bar = find("banner");
  bar.hidden = !text;
  bar.className = kind;
  find("banner-text").textContent = text;
}

// --- the name ---

function someName(): string {
  const pick = (words: string) => {
    const all = words.split(" ");
    return all[Math.floor(Math.random() * all.length)]!;
  };
  return `${pick("Brave Calm Clever Merry Quick Quiet Sunny Witty")} ${pick(
    "Badger Finch Fox Heron Lynx Otter Owl Wren",
  )}`;
}

const nameInput = find<HTMLInputElement>("name");
nameInput.value = localStorage.getItem("puzzle-name") ?? someName();
nameInput.addEventListener("change", () => {
  localStorage.setItem("puzzle-name", nameInput.value);
  hello();
});
nameInput.addEventListener("keydown", (event) => event.key === "Enter" && nameInput.blur());

function hello(): void {
  send({ type: "hello", name: nameInput.value.trim() || "Somebody" });
}

// --- the room ---

function onMessage(message: RoomMessage): void {
  const before = board;
  const live = message.msg_id > caughtUpAt;
  board = reduce(board, message);
  lastTs = message.ts;
  if (!live) {
    if (message.msg_id === caughtUpAt) onCaughtUp();
    return;
  }
  pointTo(message);
  judgeDrag(message);
  view.show(board, true);
  if (board.game !== before.game && before.game) say("A new puzzle");
  if (board.endedAt && !before.endedAt) say("Done! It is whole.");
  refresh();
}

function onCaughtUp(): void {
  view.show(board, false);
  refresh();
  if (board.game === 0) startPuzzle(0);
}

function pointTo({ type, client_id, x, y, piece }: RoomMessage): void {
  if (!room || client_id === room.clientId) return;
  if (type === "bye") return view.unpoint(client_id);
  const name = board.players.get(client_id)?.name ?? "";
  if (type === "cursor") view.point(client_id, Number(x), Number(y), name);
  if (type !== "move" && type !== "drop") return;
  const group = board.groups.get(board.groupOf[Number(piece)] ?? -1);
  if (!group || (type === "move" && group.holder !== client_id)) return;
  const home = view.home(board, Number(piece));
  view.point(client_id, home.x + group.x + 40, home.y + group.y + 40, name);
}

/** Whether the room agrees with what this player's hand has done already. */
function judgeDrag(message: RoomMessage): void {
  const { drag } = view;
  const isOwn = message.client_id === room?.clientId;
  if (isOwn && message.type === "drop") view.dropped.delete(Number(message.piece));
  if (!drag || !room) return;
  const group = board.groups.get(board.groupOf[drag.piece] ?? -1);
  const isTold = isOwn && message.type === "grab" && message.piece === drag.piece;
  if (!group || group.placed || (isTold && group.holder !== room.clientId)) {
    hands.lose();
    if (group) say(`${board.players.get(group.holder)?.name ?? "Somebody"} was first`);
  }
}

function onGap({ epochChanged }: Gap): void {
  board = EMPTY;
  view.drag = null;
  view.dropped.clear();
  if (epochChanged) say("The server has lost this puzzle. A new one begins.");
}

function startPuzzle(size: number): void {
  const seed = Math.floor(Math.random() * 2 ** 32);
  send({ type: "start", game: board.game + 1, seed, size });
}

async function enter(): Promise<void> {
  banner("Connecting…", "wait");
  room = await join(url, roomName, { timeoutMs: 60_000 });
  room.on("joined", (joined) => {
    view.me = room!.clientId;
    document.documentElement.style.setProperty("--me", colorOf(view.me));
    caughtUpAt = joined.msg_id;
    banner("");
    hello();
    if (room!.lastId >= caughtUpAt) onCaughtUp();
  });
  room.on("gap", onGap);
  room.on("message", onMessage);
  room.on("state", (state) => {
    if (state === "reconnecting") {
      banner("The connection is lost. Go on: your moves are sent when it is back.", "wait");
    }
  });
  room.on("error", ({ code, message }) => {
    if (room!.state !== "closed" && code !== "replaced") console.warn(`${code}: ${message}`);
    else banner(`${message} Reload the page to come back.`, "end");
  });
}

// --- around the table ---

function refresh(): void {
  const part = Math.round(progress(board) * 100);
  find("bar").style.width = `${part}%`;
  find("percent").textContent = `${part} %`;
  find("progress").setAttribute("aria-valuenow", String(part));
  const now = lastTs;
  const present = [...board.players].filter(
    ([id, player]) => id === room?.clientId || (player.seenAt > 0 && now - player.seenAt < AWAY_MS),
  );
  find("players").replaceChildren(
    ...present
      .filter(([id]) => id !== room?.clientId)
      .slice(0, 6)
      .map(([id, player]) => {
        const chip = document.createElement("li");
        chip.textContent = player.name;
        chip.title = `${player.joins} fitted`;
        chip.style.setProperty("--color", colorOf(id));
        return chip;
      }),
  );
  find("count").textContent = present.length === 1 ? "1 player" : `${present.length} players`;
  find("done").hidden = !board.endedAt;
  if (!board.endedAt) return;
  const seconds = Math.round((board.endedAt - board.startedAt) / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const best = [...board.players.values()].sort((a, b) => b.joins - a.joins);
  const makers = best.filter(({ joins }) => joins > 0).slice(0, 3);
  find("done-text").textContent =
    `${board.groupOf.length} pieces in ${time}` +
    (makers.length ? ", by " : "") +
    makers.map(({ name, joins }) => `${name} (${joins})`).join(", ");
}

find("room").textContent = roomName;
find("invite").addEventListener("click", async () => {
  const link = new URL(location.href);
  link.searchParams.set("room", roomName);
  try {
    await navigator.clipboard.writeText(link.href);
    say("The link is copied: send it to a friend");
  } catch {
    prompt("Send this link to a friend:", link.href);
  }
});
const peek = find("peek");
for (const [on, off] of [
  ["pointerdown", "pointerup"],
  ["keydown", "keyup"],
] as const) {
  peek.addEventListener(on, () => ((view.peek = true), view.wake()));
  for (const end of [off, "pointerleave", "blur"]) {
    peek.addEventListener(end, () => ((view.peek = false), view.wake()));
  }
}
const menu = find<HTMLDetailsElement>("new");
menu.querySelectorAll("button").forEach((button, size) => {
  const [cols, rows] = SIZES[size]!;
  button.textContent = `${cols * rows} pieces`;
  button.addEventListener("click", () => {
    menu.open = false;
    startPuzzle(size);
  });
});
find("again").addEventListener("click", () => startPuzzle(0));
find("shade").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = getComputedStyle(root).getPropertyValue("color-scheme").trim() === "dark";
  root.dataset.shade = dark ? "light" : "dark";
  localStorage.setItem("puzzle-shade", root.dataset.shade);
  view.wake();
});
document.documentElement.dataset.shade = localStorage.getItem("puzzle-shade") ?? "";
setInterval(() => {
  if (document.visibilityState === "visible") hello();
}, HERE_EVERY_MS);
addEventListener("pagehide", () => send({ type: "bye" }));

// For the browser's console, and for the tests.
Object.assign(window, {
  puzzle: {
    get board() {
      return board;
    },
    get room() {
      return room;
    },
    get fingerprint() {
      return fingerprint(board);
    },
    view,
  },
});

enter().catch((error: Error) => banner(`${error.message} Reload the page to try again.`, "end"));
