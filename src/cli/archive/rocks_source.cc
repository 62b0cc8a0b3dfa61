#include "cli/archive/rocks_source.h"

#include <vector>

namespace gavel::cli {

bool RocksSource::rooms(const VisitRoom& visit, std::string& error) {
  view_ = store::RocksView::open(directory_, error);
  if (!view_) return false;
  return view_->rooms(
      [&](const store::StoredRoom& room) {
        for (const Epoch epoch : view_->epochs(room.name)) {
          if (!visit(room.name, epoch)) return false;
        }
        return true;
      },
      error);
}

bool RocksSource::messages(const std::string& room, Epoch epoch, MessageId after,
                           const VisitMessage& visit, std::string& error) {
  return view_->replay(room, epoch, after, visit, error);
}

}  // namespace gavel::cli
