#include "store/redis/reply.h"

#include <hiredis/read.h>

#include <charconv>
#include <utility>

namespace gavel::store::redis {
namespace {

// Where the reader's next object belongs: a root of its own, or the end of the array that is being
// read.
Reply* place(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply;
  auto* parent = static_cast<Reply*>(task->parent->obj);
  return &parent->items.emplace_back();
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
  Reply* reply = place(task);
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                   : Reply::Kind::text;
  reply->text.assign(text, size);
  return reply;
}

void* create_array(const redisReadTask* task, int) {
  // Nothing is reserved: the count is only what the other side claims.
  Reply* reply = place(task);
  reply->kind = Reply::Kind::array;
  return reply;
}

void* create_integer(const redisReadTask* task, long long value) {
  Reply* reply = place(task);
  reply->kind = Reply::Kind::integer;
  reply->integer = value;
  return reply;
}

void* create_nil(const redisReadTask* task) { return place(task); }

// Only roots are freed; the others belong to them.
void free_object(void* object) { delete static_cast<Reply*>(object); }

redisReplyObjectFunctions functions{create_string, create_array, create_integer, create_nil,
                                    free_object};

}  // namespace

std::uint64_t Reply::number(std::size_t item) const {
  if (kind != Kind::array || item >= items.size()) return 0;
  const Reply& one = items[item];
  if (one.kind == Kind::integer)
    return one.integer < 0 ? 0 : static_cast<std::uint64_t>(one.integer);
  std::uint64_t value = 0;
  const char* end = one.text.data() + one.text.size();
  if (std::from_chars(one.text.data(), end, value).ptr != end) return 0;
  return value;
}

struct ReplyReader::Reader {
  redisReader* reader = redisReaderCreateWithFunctions(&functions);
  ~Reader() { redisReaderFree(reader); }
};

ReplyReader::ReplyReader() : reader_(std::make_unique<Reader>()) {}
ReplyReader::~ReplyReader() = default;

bool ReplyReader::put(std::string_view piece) {
  bytes_ += piece.size();
  if (failed_ || bytes_ > kReplyBytesMax ||
      redisReaderFeed(reader_->reader, piece.data(), piece.size()) != REDIS_OK) {
    failed_ = true;
  }
  return !failed_;
}

bool ReplyReader::next(Reply& reply) {
  void* object = nullptr;
  if (redisReaderGetReply(reader_->reader, &object) != REDIS_OK) {
    failed_ = true;
    return false;
  }
  if (object == nullptr) return false;
  const std::unique_ptr<Reply> root(static_cast<Reply*>(object));
  reply = std::move(*root);
  bytes_ = 0;
  return true;
}

}  // namespace gavel::store::redis
