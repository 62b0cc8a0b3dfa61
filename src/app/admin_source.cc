#include "app/admin_source.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

#include "app/admin_wait.h"
#include "app/census.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/stamp.h"
#include "room/block.h"
#include "wire/scanner.h"

namespace gavel::app {
namespace {

using admin::Status;

// Longer than a room tells its senders that the store is away, so that an answer mostly comes.
constexpr std::chrono::milliseconds kPatience{4000};
constexpr std::size_t kHistoryBytesMax = 1024 * 1024;

Status status_of(room::LogError error) {
  switch (error) {
    case room::LogError::full:
      return Status::store_full;
    case room::LogError::corrupt:
      return Status::store_corrupt;
    case room::LogError::unavailable:
    case room::LogError::closed:
      break;
  }
  return Status::store_unavailable;
}

bool is_room_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kRoomNameBytesMax && is_plain_text(name);
}

// Nobody ever used it: opened by nothing but the question.
bool is_unknown(const room::Room& room) {
  return room.last() == MessageId{0} && room.members().empty();
}

// Runs `work` on the room's shard once the room is open, and waits for the answer that it gives
// sooner or later.
template <class T>
T ask_room(
    Server& server, std::string_view name, std::function<void(const T&)> late,
    std::function<void(shard::Shard&, net::Gateway&, room::Room&, std::shared_ptr<Answer<T>>)>
        work) {
  T refusal;
  if (!is_room_name(name)) {
    refusal.status = Status::bad_room_name;
    return refusal;
  }
  auto answer = std::make_shared<Answer<T>>(std::move(late));
  server.on_room_shard(name, [&](shard::Shard& shard, net::Gateway& gateway) {
    // Values, not references: the room may open when the caller has given up.
    auto visit = [&shard, &gateway, answer, work](room::Room* room,
                                                  std::optional<room::LogError> error) {
      if (room != nullptr) return work(shard, gateway, *room, answer);
      T failed;
      failed.status = error ? status_of(*error) : Status::too_many_rooms;
      answer->give(std::move(failed));
    };
    shard.rooms().visit(name, std::move(visit));
  });
  if (auto value = answer->wait_for(kPatience)) return std::move(*value);
  refusal.status = Status::timed_out;
  return refusal;
}

struct RoomAnswer {
  Status status = Status::ok;
  admin::RoomView view;
};

struct HistoryAnswer {
  Status status = Status::ok;
  admin::HistoryPage page;
};

struct PublishAnswer {
  Status status = Status::ok;
  admin::Published published;
};

struct KickAnswer {
  Status status = Status::ok;
  admin::Kicked kicked;
};

struct CloseAnswer {
  Status status = Status::ok;
  std::uint64_t members = 0;
};

struct SettingsAnswer {
  Status status = Status::ok;
  admin::RoomSettings settings;
};

admin::RoomSettings settings_of(room::Rooms& rooms, std::string_view name) {
  rooms.rules().tidy(name, rooms.now_ms());
  const room::RoomRule* rule = rooms.rules().find(name);
  if (rule == nullptr) return {};
  return {.capacity = rule->capacity,
          .locked = rule->locked,
          .metadata = rule->metadata,
          .bans = rule->bans.size()};
}

std::string message_text(MessageId id, const room::Entry& entry) {
  char stamp[kStampBytesMax];
  std::string text(
      stamp, static_cast<std::size_t>(write_stamp(stamp, id, entry.client, entry.ts_ms) - stamp));
  return text.append(entry.body);
}

HistoryAnswer read_page(const room::Room& room, const room::Page& page, std::uint64_t after,
                        std::size_t limit) {
  HistoryAnswer answer;
  if (!page.ok) {
    answer.status = status_of(page.error);
    return answer;
  }
  admin::HistoryPage& out = answer.page;
  out.epoch = room.epoch().value;
  out.first = std::max(room.first(), page.first_retained).value;
  out.last = room.last().value;
  out.next_after = after;
  for (const room::PageBlock& piece : page.blocks) {
    room::BlockReader reader(piece.block);
    room::Entry entry;
    for (MessageId id = piece.first; reader.next(entry); id = id + 1) {
      // Kept, but not shown to members yet: not to operators either (promise P3).
      if (id > room.last() || out.messages.size() == limit) return answer;
      if (id.value <= after) continue;
      out.messages.push_back(message_text(id, entry));
      out.next_after = id.value;
    }
  }
  return answer;
}

const net::Connection* connection_of(net::Gateway& gateway, const room::Member& member) {
  const net::Connection* found = nullptr;
  gateway.for_each([&](net::Connection& connection) {
    if (&connection.peer_member() == &member) found = &connection;
  });
  return found;
}

}  // namespace

AdminSource::AdminSource(Server& server, const store::Store& store, admin::ServerFacts facts)
    : server_(server), store_(store), facts_(std::move(facts)) {}

bool AdminSource::ready(std::string& reason) {
  const store::Health health = store_.health();
  reason = server_.draining() ? "draining" : health.detail;
  return health.ok && !server_.draining();
}

admin::StoreState AdminSource::store() {
  const store::Health health = store_.health();
  return {.ok = health.ok, .detail = health.detail};
}

admin::TotalsSnapshot AdminSource::totals() { return count_totals(server_); }

std::vector<admin::RoomSnapshot> AdminSource::rooms() { return count_rooms(server_); }

Status AdminSource::room(std::string_view name, admin::RoomView& view) {
  auto answer = ask_room<RoomAnswer>(
      server_, name, {},
      [](shard::Shard& shard, net::Gateway& gateway, room::Room& room,
         std::shared_ptr<Answer<RoomAnswer>> to) {
        RoomAnswer out;
        if (is_unknown(room) && shard.rooms().rules().find(room.name()) == nullptr)
          out.status = Status::unknown_room;
        look_at_room(shard, gateway, room, out.view);
        out.view.settings = settings_of(shard.rooms(), room.name());
        to->give(std::move(out));
      });
  view = std::move(answer.view);
  return answer.status;
}

Status AdminSource::history(std::string_view name, const admin::HistoryQuery& query,
                            admin::HistoryPage& page) {
  auto answer = ask_room<HistoryAnswer>(
      server_, name, {},
      [query](shard::Shard& shard, net::Gateway&, room::Room& room,
              std::shared_ptr<Answer<HistoryAnswer>> to) {
        if (is_unknown(room)) return to->give({.status = Status::unknown_room, .page = {}});
        std::uint64_t after = query.after;
        if (query.last) after = room.last().value - std::min(*query.last, room.last().value);
        // What is no longer kept is skipped: `first` tells.
        after = std::max(after, room.first().value - 1);
        if (after >= room.last().value) {
          HistoryAnswer empty;
          empty.page = {.epoch = room.epoch().value,
                        .first = room.first().value,
                        .last = room.last().value,
                        .messages = {},
                        .next_after = std::min(after, room.last().value)};
          return to->give(std::move(empty));
        }
        shard.rooms().read_history(
            room, MessageId{after}, kHistoryBytesMax,
            [to, after, limit = query.limit](const room::Room* here, const room::Page& found) {
              if (here == nullptr)
                return to->give({.status = Status::store_unavailable, .page = {}});
              to->give(read_page(*here, found, after, limit));
            });
      });
  page = std::move(answer.page);
  return answer.status;
}

Status AdminSource::publish(std::string_view name, std::string_view json, bool create,
                            admin::Published& published, admin::PublishLate late) {
  if (json.size() > server_.message_bytes_max() || !is_utf8(json)) {
    published.detail = is_utf8(json) ? "the message is larger than the limit of messages"
                                     : "the message is not UTF-8";
    return Status::bad_message;
  }
  wire::Scanner scanner;
  const auto scanned = scanner.scan(json);
  if (!scanned || scanned.value().kind != wire::Kind::message || scanned.value().has_ref()) {
    published.detail = scanned ? "the server's own messages have no ref, and don't join or leave"
                               : std::string(wire::info(scanned.error().code).meaning);
    return Status::bad_message;
  }
  std::function<void(const PublishAnswer&)> pass_late;
  if (late) {
    pass_late = [late = std::move(late)](const PublishAnswer& answer) {
      late(answer.status, answer.published);
    };
  }
  auto answer = ask_room<PublishAnswer>(
      server_, name, std::move(pass_late),
      [body = std::string(scanned.value().body), create](
          shard::Shard& shard, net::Gateway&, room::Room& room,
          std::shared_ptr<Answer<PublishAnswer>> to) {
        if (!create && is_unknown(room))
          return to->give({.status = Status::unknown_room, .published = {}});
        shard.rooms().publish(room, body, [to](const room::PublishResult& result) {
          PublishAnswer out;
          if (!result.id) out.status = status_of(result.error);
          out.published.epoch = result.epoch.value;
          out.published.msg_id = result.id ? result.id->value : 0;
          to->give(std::move(out));
        });
      });
  published = std::move(answer.published);
  return answer.status;
}

Status AdminSource::kick(std::string_view name, const admin::Kick& kick, admin::Kicked& kicked) {
  auto answer = ask_room<KickAnswer>(
      server_, name, {},
      [kick](shard::Shard& shard, net::Gateway& gateway, room::Room& room,
             std::shared_ptr<Answer<KickAnswer>> to) {
        if (is_unknown(room)) return to->give({.status = Status::unknown_room, .kicked = {}});
        room::Member* member = room.find(ClientId{kick.client_id});
        if (member == nullptr) return to->give({.status = Status::unknown_member, .kicked = {}});
        KickAnswer out;
        room::Rooms& rooms = shard.rooms();
        if (kick.ban_ms > 0) {
          room::RoomRule* rule = rooms.rules().change(room.name());
          const net::Connection* connection = connection_of(gateway, *member);
          if (rule == nullptr || connection == nullptr)
            return to->give({.status = Status::too_many_rules, .kicked = {}});
          out.kicked.banned_player = connection->player();
          if (out.kicked.banned_player.empty()) out.kicked.banned_address = connection->address();
          rooms.rules().ban(*rule,
                            {.player = out.kicked.banned_player,
                             .address = out.kicked.banned_address,
                             .until_ms = rooms.now_ms() + kick.ban_ms},
                            rooms.now_ms());
        }
        rooms.put_out(*member, kick.ban_ms > 0 ? room::Ending::banned : room::Ending::kicked,
                      kick.reason);
        to->give(std::move(out));
      });
  kicked = std::move(answer.kicked);
  if (answer.status == Status::ok) {
    GAVEL_LOG(admin, info, "kicked", {"room", name}, {"client_id", kick.client_id},
              {"ban_ms", kick.ban_ms});
  }
  return answer.status;
}

Status AdminSource::close_room(std::string_view name, std::string_view reason, bool lock,
                               std::uint64_t& members) {
  auto answer = ask_room<CloseAnswer>(
      server_, name, {},
      [why = std::string(reason), lock](shard::Shard& shard, net::Gateway&, room::Room& room,
                                        std::shared_ptr<Answer<CloseAnswer>> to) {
        if (is_unknown(room)) return to->give({.status = Status::unknown_room});
        if (lock) {
          room::RoomRule* rule = shard.rooms().rules().change(room.name());
          if (rule == nullptr) return to->give({.status = Status::too_many_rules});
          rule->locked = true;
        }
        to->give({.members = shard.rooms().close_room(room, why)});
      });
  members = answer.members;
  if (answer.status == Status::ok)
    GAVEL_LOG(admin, info, "closed a room", {"room", name}, {"members", members});
  return answer.status;
}

// Also for a room that nobody was in yet: a game's lobby sets a match up before its players come.
Status AdminSource::set_room(std::string_view name, const admin::RoomChange& change,
                             admin::RoomSettings& settings) {
  if (!is_room_name(name)) return Status::bad_room_name;
  Status status = Status::ok;
  server_.on_room_shard(name, [&](shard::Shard& shard, net::Gateway&) {
    room::RoomRule* rule = shard.rooms().rules().change(name);
    if (rule == nullptr) {
      status = Status::too_many_rules;
      return;
    }
    if (change.capacity) rule->capacity = static_cast<std::size_t>(*change.capacity);
    if (change.locked) rule->locked = *change.locked;
    if (change.metadata) rule->metadata = *change.metadata;
    settings = settings_of(shard.rooms(), name);
  });
  if (status == Status::ok) {
    GAVEL_LOG(admin, info, "set a room", {"room", name}, {"capacity", settings.capacity},
              {"locked", settings.locked});
  }
  return status;
}

// By the signal, so that there is one way to end and not two.
void AdminSource::drain() {
  GAVEL_LOG(admin, info, "asked to drain");
  ::kill(::getpid(), SIGTERM);
}

}  // namespace gavel::app
