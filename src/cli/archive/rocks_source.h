// The directory of a rocks store as a source, also while a server uses it. One thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cli/archive/mover.h"
#include "store/rocks/rocks_view.h"

namespace gavel::cli {

class RocksSource final : public Source {
 public:
  explicit RocksSource(std::string directory) : directory_(std::move(directory)) {}

  // Looks at the directory anew; messages() then reads what it held at that moment.
  bool rooms(const VisitRoom& visit, std::string& error) override;
  bool messages(const std::string& room, Epoch epoch, MessageId after, const VisitMessage& visit,
                std::string& error) override;

 private:
  const std::string directory_;
  std::unique_ptr<store::RocksView> view_;
};

}  // namespace gavel::cli
