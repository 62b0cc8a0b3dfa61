#include "store/rocks/rocks_log.h"

#include <algorithm>
#include <utility>

#include "room/block.h"

namespace gavel::store::rocks {

RocksLog::RocksLog(Writer& writer, Reader& reader, Post post)
    : writer_(writer),
      reader_(reader),
      inbox_(std::make_shared<Inbox>(std::move(post), [this] { drain(); })) {}

RocksLog::~RocksLog() { inbox_->close(); }

Commit& RocksLog::turn() {
  if (turn_) return *turn_;
  if (spare_.empty()) {
    turn_ = std::make_unique<Commit>();
  } else {
    turn_ = std::move(spare_.back());
    spare_.pop_back();
  }
  turn_->inbox = inbox_;
  return *turn_;
}

Request RocksLog::request(Request::Kind kind, RoomKey key, const RoomState& state) {
  Request request;
  request.kind = kind;
  request.inbox = inbox_;
  request.key = key;
  request.place = state.place;
  request.last = state.kept;
  return request;
}

// --- what the rooms ask ------------------------------------------------------------------------

void RocksLog::open(RoomKey key, std::string_view name) {
  Request open = request(Request::Kind::open, key, rooms_[key]);
  open.name = name;
  asked_.push_back(std::move(open));
}

void RocksLog::append(RoomKey key, std::uint64_t tag, std::string_view block) {
  RoomState& state = rooms_.at(key);
  Append append;
  append.key = key;
  append.room = state.room;
  append.round = state.round;
  append.tag = tag;
  append.first = state.next;
  append.block = block;
  state.next = state.next + room::BlockReader(block).header().count;
  turn().appends.push_back(append);
}

void RocksLog::read(RoomKey key, std::uint64_t id, MessageId after, std::size_t bytes_max) {
  Request page = request(Request::Kind::page, key, rooms_.at(key));
  page.id = id;
  page.after = after;
  page.bytes_max = bytes_max;
  asked_.push_back(std::move(page));
}

void RocksLog::claim(RoomKey key, std::uint64_t id, ClientId client) {
  Request claim = request(Request::Kind::claim, key, rooms_.at(key));
  claim.id = id;
  claim.client = client;
  asked_.push_back(std::move(claim));
}

void RocksLog::trim(RoomKey key, MessageId up_to) {
  Request trim = request(Request::Kind::trim, key, rooms_.at(key));
  trim.after = up_to;
  asked_.push_back(std::move(trim));
}

void RocksLog::close(RoomKey key) {
  const auto it = rooms_.find(key);
  if (it == rooms_.end()) return;
  if (it->second.room != nullptr) turn().closed.push_back(it->second.room);
  rooms_.erase(it);
}

void RocksLog::lease_client_ids() {
  if (std::exchange(leasing_, true)) return;
  turn().lease = true;
}

void RocksLog::commit() {
  // First the writer: a room that is closed and opened again in one turn leaves it before it comes
  // back.
  if (turn_) writer_.submit(std::move(turn_));
  for (Request& request : asked_) reader_.ask(std::move(request));
  asked_.clear();
}

// --- what came back ----------------------------------------------------------------------------

void RocksLog::drain() {
  inbox_->take(answers_);
  for (auto& commit : answers_.commits) {
    take(*commit);
    commit->clear();
    spare_.push_back(std::move(commit));
  }
  for (const OpenAnswer& answer : answers_.opens) take(answer);
  for (const ClaimAnswer& answer : answers_.claims) {
    if (rooms_.contains(answer.key)) listener_->on_claimed(answer.key, answer.id, answer.claim);
  }
  for (const PageAnswer& answer : answers_.pages) take(answer);
  for (const TrimAnswer& answer : answers_.trims) {
    const auto it = rooms_.find(answer.key);
    if (it == rooms_.end()) continue;
    it->second.first = std::max(it->second.first, answer.first);
    listener_->on_trimmed(answer.key, it->second.first);
  }
  answers_.clear();
}

void RocksLog::take(Commit& commit) {
  for (const Append& append : commit.appends) {
    RoomState& state = rooms_.at(append.key);
    room::Settlement settlement;
    settlement.kept = append.kept;
    settlement.error = append.error;
    if (append.kept) {
      settlement.first = append.first;
      state.kept = append.first + (room::BlockReader(append.block).header().count - 1);
      listener_->on_kept(append.key, append.first, append.block);
    } else if (append.round == state.round) {
      // What was appended behind it is void, too; what comes from now on takes its ids.
      ++state.round;
      state.next = state.kept + 1;
    }
    listener_->on_settled(append.key, append.tag, settlement);
  }
  if (commit.lease) {
    leasing_ = false;
    constexpr std::uint64_t kLeaseCount = 1000;
    listener_->on_leased(commit.leased, kLeaseCount);
  }
}

void RocksLog::take(const OpenAnswer& answer) {
  const auto it = rooms_.find(answer.key);
  if (it == rooms_.end()) {
    if (answer.ok) turn().closed.push_back(answer.room);
    return;
  }
  if (!answer.ok) {
    listener_->on_open_failed(answer.key, answer.error);
    return;
  }
  RoomState& state = it->second;
  state.room = answer.room;
  state.place = answer.place;
  state.kept = answer.life.last;
  state.next = answer.life.last + 1;
  state.first = answer.life.first;
  listener_->on_opened(answer.key, answer.life);
}

void RocksLog::take(const PageAnswer& answer) {
  const auto it = rooms_.find(answer.key);
  if (it == rooms_.end()) return;
  page_.clear();
  for (const PageAnswer::Piece& piece : answer.pieces) {
    page_.push_back({piece.first, std::string_view(answer.bytes).substr(piece.at, piece.size)});
  }
  room::Page page;
  page.blocks = page_;
  page.first_retained = std::max(it->second.first, answer.first_retained);
  page.ok = answer.ok;
  page.error = answer.error;
  listener_->on_page(answer.key, answer.id, page);
}

}  // namespace gavel::store::rocks
