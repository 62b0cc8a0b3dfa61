// One room: its members with their lag, a tail of its messages, and what may be done to it.
import { api } from "./api.js";
import { ask, checkField, textField } from "./dialogs.js";
import { Rows, h, set, tile } from "./dom.js";
import { bytes, clock, count, duration, joined, short, visible } from "./format.js";

const TAIL_MAX = 300;
const MEMBERS_SHOWN = 200;
const BAN = "Seconds that the player stays out (0: may come back at once)";

export class RoomView {
  constructor(name) {
    this.name = name;
    this.after = null; // the tail goes on behind this message
    this.epoch = null;
    this.tiles = {
      members: tile("Members"),
      in: tile("Messages in"),
      out: tile("Messages out"),
      last: tile("Last id"),
      lag: tile("Slowest lag"),
    };
    this.chips = h("span", {});
    this.lock = h("button", { type: "button", onclick: () => this.toggleLock() }, "Lock");
    this.most = 1; // the largest lag now
    this.rows = new Rows((member) => this.memberRow(member));
    this.more = h("div", { class: "pager", hidden: true });
    this.lines = h("div", { class: "tail", tabIndex: 0, "aria-label": "The newest messages" });
    this.state = h("span", { class: "note" }, "");
    this.element = h(
      "div",
      {},
      this.titleBar(),
      h(
        "div",
        { class: "tiles" },
        Object.values(this.tiles).map((one) => one.element),
      ),
      h("div", { class: "room-split" }, this.membersCard(), this.tailCard()),
    );
  }

  titleBar() {
    return h(
      "div",
      { class: "title" },
      h("a", { class: "back", href: "#/" }, "← Rooms"),
      h("h1", {}, visible(this.name)),
      this.chips,
      h("span", { class: "grow" }),
      h("button", { type: "button", onclick: () => this.publish() }, "Publish…"),
      h("button", { type: "button", onclick: () => this.setCapacity() }, "Capacity…"),
      this.lock,
      h(
        "button",
        { class: "danger", type: "button", onclick: () => this.close() },
        "Close room…",
      ),
    );
  }

  membersCard() {
    const heads = [
      ["Client", true],
      ["Player", true],
      ["Address", true],
      ["Lag"],
      ["Connected"],
      [""],
    ];
    return h(
      "section",
      { class: "card" },
      h("header", {}, h("h2", {}, "Members"), h("span", { class: "note" }, "the slowest first")),
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              heads.map(([label, text]) => h("th", { class: text ? "text" : "" }, label)),
            ),
          ),
          this.rows.element,
        ),
      ),
      this.more,
    );
  }

  tailCard() {
    return h(
      "section",
      { class: "card" },
      h("header", {}, h("h2", {}, "Messages"), this.state),
      this.lines,
    );
  }

  async update() {
    const room = await api.room(this.name);
    this.room = room;
    this.show(room);
    await this.follow(room);
  }

  show(room) {
    const rates = room.rates ?? { messages_in: 0, messages_out: 0, bytes_in: 0, bytes_out: 0 };
    const capacity = room.settings.capacity;
    this.tiles.members.show(
      [count(room.members)],
      capacity ? `of ${count(capacity)} at most` : "no limit of its own",
    );
    this.tiles.in.show(short(rates.messages_in, "/s"), joined(bytes(rates.bytes_in, "/s")));
    this.tiles.out.show(short(rates.messages_out, "/s"), joined(bytes(rates.bytes_out, "/s")));
    this.tiles.last.show([count(room.last)], `kept from ${count(room.first)} on`);
    this.tiles.last.element.title = `epoch ${room.epoch}`;
    this.tiles.lag.show(
      [count(room.slowest_lag)],
      `backlog ${joined(bytes(room.backlog_bytes))}`,
    );
    this.chips.replaceChildren(
      ...[
        room.settings.locked && h("span", { class: "chip warm" }, "locked"),
        " ",
        room.settings.bans > 0 &&
          h("span", { class: "chip bad" }, `${count(room.settings.bans)} banned`),
      ].filter(Boolean),
    );
    set(this.lock, room.settings.locked ? "Unlock" : "Lock");
    this.showMembers(room);
  }

  showMembers(room) {
    const members = room.member_list.toSorted(
      (a, b) => b.lag - a.lag || a.client_id - b.client_id,
    );
    const most = Math.max(1, members[0]?.lag ?? 0);
    this.most = most;
    const shown = members.slice(0, MEMBERS_SHOWN);
    this.rows.show(shown, (member) => member.client_id, 6, "Nobody is in this room.");
    this.more.hidden = members.length <= MEMBERS_SHOWN;
    set(this.more, `${count(members.length - MEMBERS_SHOWN)} more, all with less lag`);
  }

  memberRow(first) {
    const fill = h("i", {});
    const lag = h("span", {});
    const behind = h("td", {}, h("span", { class: "meter" }, fill), lag);
    const connected = h("td", {});
    const who = first.player ? visible(first.player) : "–";
    const kick = () => this.kick(first);
    return {
      element: h(
        "tr",
        {},
        h("td", { class: "text" }, String(first.client_id)),
        h("td", { class: `text name${first.player ? "" : " zero"}` }, who),
        h("td", { class: "text" }, first.address),
        behind,
        connected,
        h(
          "td",
          {},
          h("button", { class: "small danger", type: "button", onclick: kick }, "Kick…"),
        ),
      ),
      show: (member) => {
        fill.style.width = `${(100 * member.lag) / this.most}%`;
        fill.className = member.reading_store ? "much" : "";
        set(lag, count(member.lag));
        behind.classList.toggle("zero", member.lag === 0);
        behind.title = member.reading_store ? "so far behind that it reads from the store" : "";
        set(connected, duration(member.connected_ms));
      },
    };
  }

  // --- the tail ---

  async follow(room) {
    if (this.epoch !== null && this.epoch !== room.epoch) {
      this.after = null;
      this.lines.append(h("p", { class: "hole" }, "the room began anew: another epoch"));
    }
    this.epoch = room.epoch;
    // A busy room writes more than anyone reads: the newest, with a mark where some were left out.
    const behind = this.after === null ? Infinity : room.last - this.after;
    const query = behind > TAIL_MAX / 2 ? { last: 60 } : { after: this.after, limit: TAIL_MAX };
    const page = await api.messages(this.name, query);
    const atEnd = this.lines.scrollTop + this.lines.clientHeight >= this.lines.scrollHeight - 30;
    const first = page.messages[0]?.msg_id;
    if (this.after !== null && first > this.after + 1) {
      this.lines.append(
        h("p", { class: "hole" }, `${count(first - this.after - 1)} messages not shown`),
      );
    }
    this.lines.append(...page.messages.map(messageLine));
    while (this.lines.children.length > TAIL_MAX) this.lines.firstChild.remove();
    this.after = page.next_after;
    set(
      this.state,
      page.messages.length === 0 && this.lines.children.length === 0
        ? "none is kept yet"
        : "as members get them",
    );
    if (atEnd) this.lines.scrollTop = this.lines.scrollHeight;
  }

  // --- what may be done ---

  kick(member) {
    const who = member.player ? visible(member.player) : `client ${member.client_id}`;
    return ask({
      title: `Kick ${who}?`,
      text:
        "The connection is closed with code 4101, or 4102 with a ban. A ban is for the player " +
        "of the token; without one, for the address.",
      fields: [
        textField("Reason, which the player sees", "reason", { maxLength: 100 }),
        textField(BAN, "seconds", { type: "number", min: 0, value: "0" }),
      ],
      action: "Kick",
      danger: true,
      act: async (values) => {
        await api.kick(this.name, member.client_id, {
          reason: values.get("reason"),
          ban_seconds: Number(values.get("seconds")),
        });
        await this.update();
      },
    });
  }

  async toggleLock() {
    await api.set(this.name, { locked: !this.room?.settings.locked });
    await this.update();
  }

  setCapacity() {
    return ask({
      title: "Capacity",
      text: "Members that the room may have; 0: the server's own limit. Who is in stays in.",
      fields: [
        textField("Members", "capacity", {
          type: "number",
          min: 0,
          value: String(this.room?.settings.capacity ?? 0),
        }),
      ],
      action: "Set",
      act: async (values) => {
        await api.set(this.name, { capacity: Number(values.get("capacity")) });
        await this.update();
      },
    });
  }

  close() {
    return ask({
      title: "Close this room?",
      text: "Every member is put out with code 4101. What was said stays kept.",
      fields: [
        textField("Reason, which players see", "reason", { maxLength: 100 }),
        checkField("Lock it, so that nobody comes in again", "lock"),
      ],
      action: "Close room",
      danger: true,
      act: async (values) => {
        await api.close(this.name, {
          reason: values.get("reason"),
          lock: values.get("lock") !== null,
        });
        await this.update();
      },
    });
  }

  publish() {
    return ask({
      title: "Publish as the server",
      text: "Goes to everyone in the room, with client_id 0.",
      fields: [
        h(
          "label",
          {},
          "Message",
          h("textarea", {
            name: "message",
            rows: 4,
            value: '{"type":"notice","text":""}',
            spellcheck: false,
          }),
        ),
      ],
      action: "Publish",
      act: async (values) => {
        await api.publish(this.name, values.get("message"));
        await this.update();
      },
    });
  }
}

function messageLine(message) {
  const { msg_id: id, client_id: client, ts, ...own } = message;
  return h(
    "p",
    {},
    h("span", { class: "id" }, String(id)),
    h("span", { class: "when" }, clock(ts)),
    h("span", { class: "who" }, client === 0 ? "server" : String(client)),
    h("span", { class: "text" }, visible(JSON.stringify(own))),
  );
}
