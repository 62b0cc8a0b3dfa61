// What operators ask of rooms: looking at one, publishing as the server, reading history. Rare;
// nothing of it lies on the way of a player's message.
#include <utility>

#include "room/rooms.h"

namespace gavel::room {

void Rooms::visit(std::string_view name, Visit visit) {
  Room* room = find(name);
  if (room == nullptr) room = open(name);
  if (room == nullptr) {
    visit(nullptr, std::nullopt);
    return;
  }
  if (room->state_ == Room::State::open) {
    visit(room, std::nullopt);
    return;
  }
  room->visits_.push_back(std::move(visit));
}

void Rooms::end_visits(Room& room, std::optional<LogError> error) {
  for (Visit& visit : std::exchange(room.visits_, {})) visit(error ? nullptr : &room, error);
}

void Rooms::publish(Room& room, std::string_view body, PublishDone done) {
  const std::uint64_t ticket = next_request_++;
  publishes_.emplace(ticket, std::move(done));
  if (room.take(ClientId{0}, Ref{}, body, ticket) == Accepted::store_unavailable) {
    end_publish(room, ticket, std::nullopt, LogError::unavailable);
  }
}

void Rooms::end_publish(const Room& room, std::uint64_t ticket, std::optional<MessageId> id,
                        LogError error) {
  const auto it = publishes_.find(ticket);
  if (it == publishes_.end()) return;
  const PublishDone done = std::move(it->second);
  publishes_.erase(it);
  done({.epoch = room.epoch(), .id = id, .error = error});
}

// The batch is kept from `first` on; duplicates took no id.
void Rooms::end_publishes(const Room& room, const Batch& batch, const Settlement& settlement) {
  if (publishes_.empty()) return;
  std::size_t duplicates = 0;
  for (std::size_t i = 0; i < batch.senders.size(); ++i) {
    if (duplicates < settlement.duplicates.size() && settlement.duplicates[duplicates] == i) {
      ++duplicates;
    } else if (batch.senders[i].client == ClientId{0}) {
      end_publish(room, batch.senders[i].number, settlement.first + (i - duplicates), {});
    }
  }
}

void Rooms::read_history(Room& room, MessageId after, std::size_t bytes_max, HistoryDone done) {
  const std::uint64_t request = next_request_++;
  histories_.emplace(request, std::move(done));
  log_.read(room.key_, request, after, bytes_max);
}

// True where the page was for an operator.
bool Rooms::take_history(std::uint64_t request, const Room* room, const Page& page) {
  if (histories_.empty()) return false;
  const auto it = histories_.find(request);
  if (it == histories_.end()) return false;
  const HistoryDone done = std::move(it->second);
  histories_.erase(it);
  done(room, page);
  return true;
}

std::size_t Rooms::close_room(Room& room, std::string_view reason) {
  const std::size_t members = room.members_.size();
  room.end_all(Ending::room_closed, reason);
  return members;
}

}  // namespace gavel::room
