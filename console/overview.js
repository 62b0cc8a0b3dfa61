// The whole server: rates, latencies, rooms by traffic, health.
import { api } from "./api.js";
import { Chart } from "./chart.js";
import { Rows, card, h, numberCell, set, tile } from "./dom.js";
import { bytes, count, joined, ms, short } from "./format.js";

const PAGE = 25;
const COLUMNS = [
  { label: "Room", sort: "name", text: true },
  { label: "Members", sort: "members" },
  { label: "In /s" },
  { label: "Out /s", sort: "traffic" },
  { label: "Bytes out /s" },
  { label: "Last id" },
  { label: "Slowest lag", sort: "lag" },
];

export class Overview {
  constructor(history) {
    this.history = history;
    this.query = { sort: "traffic", offset: 0, limit: PAGE, filter: "" };
    this.tiles = {
      connections: tile("Connections"),
      members: tile("Members"),
      in: tile("Messages in"),
      out: tile("Messages out"),
      bytes: tile("Bytes out"),
      latency: tile("Delivery, 99 %"),
    };
    this.traffic = new Chart({
      series: [
        { key: "out", label: "out /s", tone: "out", area: true },
        { key: "in", label: "in /s", tone: "in" },
      ],
      format: (value) => short(value).join(""),
    });
    this.latency = new Chart({
      series: [
        { key: "p99", label: "delivery 99 %", tone: "warm" },
        { key: "p50", label: "delivery 50 %", tone: "in" },
      ],
      format: (value) => joined(ms(value)).replace(/\.0+ /, " "),
    });
    this.rows = new Rows(roomRow);
    this.head = h("tr", {});
    this.found = h("span", {}, "");
    this.back = h(
      "button",
      { class: "small", type: "button", onclick: () => this.turn(-PAGE) },
      "Back",
    );
    this.next = h(
      "button",
      { class: "small", type: "button", onclick: () => this.turn(PAGE) },
      "Next",
    );
    this.health = h("dl", { class: "list" });
    this.refusals = h("dl", { class: "list" });
    this.element = h(
      "div",
      {},
      h(
        "div",
        { class: "tiles" },
        Object.values(this.tiles).map((one) => one.element),
      ),
      h(
        "div",
        { class: "two" },
        card("Messages a second", "all rooms", this.traffic.element),
        card("Delivery time", "from read to sent, inside the server", this.latency.element),
      ),
      h(
        "div",
        { class: "main-side" },
        this.roomsCard(),
        h(
          "div",
          { class: "side" },
          card("Health", "", h("div", { class: "body" }, this.health)),
          card(
            "Refused and closed",
            "since the start",
            h("div", { class: "body" }, this.refusals),
          ),
        ),
      ),
    );
    this.drawHead();
  }

  roomsCard() {
    const filter = h("input", {
      type: "search",
      placeholder: "Part of a room's name",
      "aria-label": "Filter rooms",
      oninput: () => {
        this.query.filter = filter.value;
        this.query.offset = 0;
        this.refresh();
      },
    });
    return h(
      "section",
      { class: "card" },
      h("header", {}, h("h2", {}, "Rooms"), h("span", { class: "grow" }), filter),
      h("div", { class: "scroll" }, h("table", {}, h("thead", {}, this.head), this.rows.element)),
      h(
        "div",
        { class: "pager" },
        this.found,
        h("span", { class: "grow" }),
        this.back,
        this.next,
      ),
    );
  }

  drawHead() {
    this.head.replaceChildren(
      ...COLUMNS.map((column) => {
        const active = column.sort === this.query.sort;
        return h(
          "th",
          {
            class: column.text ? "text" : "",
            "aria-sort": active ? (column.sort === "name" ? "ascending" : "descending") : null,
          },
          column.sort
            ? h(
                "button",
                {
                  type: "button",
                  onclick: () => {
                    this.query.sort = column.sort;
                    this.query.offset = 0;
                    this.drawHead();
                    this.refresh();
                  },
                },
                column.label + (active ? (column.sort === "name" ? " ↑" : " ↓") : ""),
              )
            : column.label,
        );
      }),
    );
  }

  turn(by) {
    this.query.offset = Math.max(0, this.query.offset + by);
    this.refresh();
  }

  async refresh() {
    this.showRooms(await api.rooms(this.query));
  }

  async update(stats) {
    this.showStats(stats);
    this.traffic.show(this.history);
    this.latency.show(this.history);
    await this.refresh();
  }

  showStats(stats) {
    const rates = stats.rates ?? { messages_in: 0, messages_out: 0, bytes_in: 0, bytes_out: 0 };
    const delivery = stats.latency.delivery;
    this.tiles.connections.show(
      [count(stats.connections)],
      `${count(stats.accepted)} accepted, ${count(stats.refused)} refused`,
    );
    this.tiles.members.show([count(stats.members)], `in ${count(stats.rooms)} rooms`);
    this.tiles.in.show(
      short(rates.messages_in, "/s"),
      `${joined(short(stats.messages_in))} since the start`,
    );
    this.tiles.out.show(
      short(rates.messages_out, "/s"),
      `${joined(short(stats.messages_out))} since the start`,
    );
    this.tiles.bytes.show(
      bytes(rates.bytes_out, "/s"),
      `in ${joined(bytes(rates.bytes_in, "/s"))}`,
    );
    this.tiles.latency.show(
      ms(delivery?.p99_ms),
      delivery ? `median ${joined(ms(delivery.p50_ms))}` : "no messages now",
    );
    list(this.health, [
      ["Store", stats.store.ok ? "works" : stats.store.detail],
      ["Store append, 99 %", joined(ms(stats.latency.store_append?.p99_ms))],
      ["Accepted, not kept yet", joined(bytes(stats.unkept_bytes))],
      ["Loop turn, 99 %", joined(ms(stats.latency.turn?.p99_ms))],
      ["Shards", count(stats.threads)],
      ["Backlogs", joined(bytes(stats.backlog_bytes))],
      ["Slowest member's lag", count(stats.slowest_lag)],
      ["Pages read from the store", count(stats.pages_read)],
      ["Joins (resumed)", `${count(stats.joins)} (${count(stats.resumes)})`],
    ]);
    const refusals = [
      ...Object.entries(stats.errors).map(([code, times]) => [code, times]),
      ...Object.entries(stats.disconnects).map(([code, times]) => [`closed with ${code}`, times]),
    ]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 12)
      .map(([name, times]) => [name, count(times)]);
    list(this.refusals, refusals.length ? refusals : [["nothing", ""]]);
  }

  showRooms(page) {
    set(
      this.found,
      page.total === 0
        ? ""
        : `${count(page.offset + 1)} to ${count(page.offset + page.rooms.length)} ` +
            `of ${count(page.total)}`,
    );
    this.back.disabled = page.offset === 0;
    this.next.disabled = page.offset + page.rooms.length >= page.total;
    this.rows.show(
      page.rooms,
      (room) => room.name,
      COLUMNS.length,
      this.query.filter
        ? "No room's name has that in it."
        : "No rooms yet. Players make them by joining.",
    );
  }
}

function roomRow({ name }) {
  const link = h("a", { href: `#/room/${encodeURIComponent(name)}` }, name);
  const [members, into, out, size, last, lag] = Array.from({ length: 6 }, numberCell);
  const cells = [members, into, out, size, last, lag].map((cell) => cell.element);
  return {
    element: h("tr", {}, h("td", { class: "text name" }, link), cells),
    show(room) {
      const rates = room.rates ?? { messages_in: 0, messages_out: 0, bytes_out: 0 };
      members.show(count(room.members), room.members);
      into.show(short(rates.messages_in).join(""), rates.messages_in);
      out.show(short(rates.messages_out).join(""), rates.messages_out);
      size.show(joined(bytes(rates.bytes_out)), rates.bytes_out);
      last.show(count(room.last), room.last);
      lag.show(count(room.slowest_lag), room.slowest_lag);
    },
  };
}

function list(element, rows) {
  element.replaceChildren(
    ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}
