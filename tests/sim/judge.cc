#include "judge.h"

#include <stdexcept>

namespace gavel::sim {

void Judge::seen(const std::string& room_name, const std::string& epoch, const Seen& message) {
  Room& room = rooms_[{room_name, epoch}];
  const auto [it, fresh] = room.by_id.emplace(message.msg_id, message);
  if (!fresh) {
    if (it->second.payload != message.payload) {
      throw std::logic_error("P1/P6: id " + std::to_string(message.msg_id) + " of " + room_name +
                             " means two messages: " + it->second.payload + " and " +
                             message.payload);
    }
    return;
  }
  ++messages_;
  if (message.ref == 0) return;
  const auto key = std::make_pair(message.client_id, message.ref);
  const auto [ref, new_ref] = room.id_of_ref.emplace(key, message.msg_id);
  if (!new_ref) {
    throw std::logic_error("P5: ref " + std::to_string(message.ref) + " of client " +
                           std::to_string(message.client_id) + " is in " + room_name + " twice");
  }
  // P2: the refs of a client rise with the ids.
  if (ref != room.id_of_ref.begin()) {
    const auto before = std::prev(ref);
    if (before->first.first == message.client_id && before->second > message.msg_id) {
      throw std::logic_error("P2: a sender's messages changed places in " + room_name);
    }
  }
  if (const auto after = std::next(ref); after != room.id_of_ref.end()) {
    if (after->first.first == message.client_id && after->second < message.msg_id) {
      throw std::logic_error("P2: a sender's messages changed places in " + room_name);
    }
  }
}

void Judge::told_kept(const std::string& room, const std::string& epoch, std::uint64_t client_id,
                      std::uint64_t ref) {
  rooms_[{room, epoch}].told[{client_id, ref}] = true;
}

void Judge::finish() const {
  for (const auto& [life, room] : rooms_) {
    for (const auto& [key, told] : room.told) {
      if (!room.id_of_ref.contains(key)) {
        throw std::logic_error("P3/P5: ref " + std::to_string(key.second) + " of client " +
                               std::to_string(key.first) +
                               " was answered as kept, and nobody saw it in " + life.first);
      }
    }
  }
}

}  // namespace gavel::sim
