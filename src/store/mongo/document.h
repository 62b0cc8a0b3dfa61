// The archive's documents, as bytes: what is written, and how it is read again. The form stands in
// docs/storage.md. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/archive.h"

namespace gavel::store::mongo {

// Room, epoch and, for a message, msg_id, each number as 16 hexadecimal digits, with ":" between:
// the order of an epoch's keys is the order of its messages.
std::string room_key(std::string_view room, Epoch epoch);
std::string message_key(std::string_view room, Epoch epoch, MessageId id);

// The text that clients were shown.
std::string raw_text(const ArchiveMessage& message);

// How much of a message a document holds: the sender's fields as a sub-document, where BSON can
// hold them; the text alone; the text, and why it lies in quarantine.
enum class Form : std::uint8_t { queryable, text_only, quarantined };
std::string message_document(std::string_view room, Epoch epoch, const ArchiveMessage& message,
                             Form form, std::string_view reason = {});

// A document read again.
struct MessageDocument {
  std::string key;
  std::string raw;
  MessageId id;
  room::Entry entry;  // without its body
  std::size_t body_at = 0;
  bool quarantined = false;
  bool damaged = false;  // it is not what message_document() makes
  // Views of this document as it lies now.
  ArchivedMessage message() const;
};
void read_message(std::string_view bson, MessageDocument& into);

std::string room_document(const ArchivedRoom& room);
// Nothing where it is no such document.
std::optional<ArchivedRoom> read_room(std::string_view bson);

}  // namespace gavel::store::mongo
