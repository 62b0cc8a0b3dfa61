#include "store/mongo/pages.h"

#include <algorithm>
#include <iterator>

namespace gavel::store::mongo {
namespace {

constexpr std::size_t kMessageBytesGuess = 128;  // of a game's message, with its stamp
constexpr std::size_t kMessagesMin = 16;
constexpr std::size_t kMessagesMax = 4096;
constexpr std::size_t kBlockBytes = 64 * 1024;

class Blocks {
 public:
  void add(MessageId id, const room::Entry& entry) {
    if (builder_.empty()) first_ = id;
    builder_.add(entry);
    if (builder_.count() == room::kBlockMessagesMax || builder_.bytes() >= kBlockBytes) end();
  }
  void end() {
    if (!builder_.empty()) page_.blocks.push_back({first_, std::string(builder_.view())});
    builder_.start(0);
  }
  ArchivePage take() {
    end();
    return std::move(page_);
  }

 private:
  room::BlockBuilder builder_;
  MessageId first_;
  ArchivePage page_;
};

}  // namespace

std::size_t page_messages(std::size_t bytes_max) {
  return std::clamp(bytes_max / kMessageBytesGuess, kMessagesMin, kMessagesMax);
}

bool has_jump(const std::vector<MessageDocument>& documents, MessageId after) {
  MessageId expected = after + 1;
  for (const MessageDocument& document : documents) {
    if (document.id > expected) return true;
    expected = document.id + 1;
  }
  return documents.empty();
}

void merge(std::vector<MessageDocument>& into, std::vector<MessageDocument> more) {
  if (!into.empty()) {
    const MessageId last = into.back().id;
    std::erase_if(more, [last](const MessageDocument& one) { return one.id > last; });
  }
  into.insert(into.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
  std::stable_sort(into.begin(), into.end(),
                   [](const MessageDocument& a, const MessageDocument& b) { return a.id < b.id; });
}

Archived<ArchivePage> page_of(const std::vector<MessageDocument>& documents,
                              std::size_t bytes_max) {
  Blocks blocks;
  std::size_t bytes = 0;
  const MessageDocument* before = nullptr;
  for (const MessageDocument& document : documents) {
    const MessageId id = document.id;
    const bool doubled = before != nullptr && before->id == id;
    if (doubled && before->raw == document.raw) continue;
    if (doubled || document.damaged) {
      if (before != nullptr && !doubled) break;
      return ArchiveFailure{ArchiveError::damaged,
                            "the document " + document.key + " can't be a message of its room"};
    }
    if (before != nullptr && id != before->id + 1) break;
    if (bytes >= bytes_max && before != nullptr) break;
    blocks.add(id, document.message().entry);
    bytes += document.raw.size();
    before = &document;
  }
  return blocks.take();
}

}  // namespace gavel::store::mongo
