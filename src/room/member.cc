#include "room/member.h"

#include "room/room.h"

namespace gavel::room {

std::uint64_t Member::lag() const { return room_ == nullptr ? 0 : room_->last() + 1 - next(); }

int Member::spans(iovec* out, int max) const {
  if (room_ == nullptr) return 0;
  if (!paging_) return room_->frames(*this).spans(cursor_.offset, out, max);
  if (page_at_ == page_.size() || max == 0) return 0;
  out[0] = {const_cast<char*>(page_.data()) + page_at_, page_.size() - page_at_};
  return 1;
}

std::size_t Member::frame_rest() const {
  if (room_ == nullptr) return 0;
  if (!paging_) return room_->frames(*this).frame_rest(cursor_).size();
  if (page_at_ < page_head_) return page_head_ - page_at_;
  if (page_at_ == page_frame_) return 0;
  return page_frame_ + frame_bytes(page_.data() + page_frame_) - page_at_;
}

void Member::sent(std::size_t bytes) {
  if (paging_) {
    advance_page(bytes);
    return;
  }
  const MessageId before = cursor_.next;
  room_->frames(*this).advance(cursor_, bytes);
  room_->count_out(cursor_.next - before, bytes);
}

void Member::start_page(std::string_view frame_rest, MessageId next) {
  paging_ = true;
  page_.assign(frame_rest);
  page_at_ = 0;
  page_head_ = page_frame_ = frame_rest.size();
  page_next_ = page_end_ = next;
}

void Member::advance_page(std::size_t bytes) {
  const MessageId before = page_next_;
  const bool in_head = page_at_ < page_head_;
  page_at_ += bytes;
  std::uint64_t heads = in_head && page_at_ >= page_head_ ? 1 : 0;
  while (page_frame_ < page_at_) {
    const std::size_t size = frame_bytes(page_.data() + page_frame_);
    if (page_frame_ + size > page_at_) break;
    page_frame_ += size;
    page_next_ = page_next_ + 1;
  }
  room_->count_out(page_next_ - before + heads, bytes);
  if (page_at_ == page_.size()) room_->page_done(*this);
}

}  // namespace gavel::room
