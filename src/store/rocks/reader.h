// The one thread that reads: opens rooms, reads pages for members that lag, looks up refs, and
// finds where to cut a room. Opening and the like go before pages, so that who joins does not wait
// for who lags.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "room/message_log.h"
#include "store/rocks/database.h"
#include "store/rocks/traffic.h"
#include "store/store.h"

namespace gavel::store::rocks {

struct ReaderOptions {
  Retention retention;
  std::uint64_t generation = 0;  // a room whose life began in an older one begins a new life
  std::function<std::int64_t()> wall_ms;
};

class Reader {
 public:
  Reader(const ReaderOptions& options, const Database& database,
         std::function<void(std::unique_ptr<Commit>)> submit);
  ~Reader();

  // Before start(): the first room number that nobody has.
  void set_next_room(RoomNumber next) { next_room_ = next; }
  void start();
  // Ends the thread; what was asked and not answered is dropped.
  void stop();
  // Any thread.
  void ask(Request request);

 private:
  void run();
  bool take(Request& request);
  void answer(Request& request);
  void open(const Request& request);
  // What the database knows of a room; false where that can't be read.
  bool load(OpenRoom& room, room::RoomLife& life, room::LogError& error);
  bool load_life(OpenRoom& room, room::RoomLife& life, room::LogError& error);
  void begin_life(OpenRoom& room, room::RoomLife& life, Epoch after);
  Epoch new_epoch(Epoch after);
  void page(const Request& request);
  void claim(const Request& request);
  void trim(const Request& request);
  void retain(const Request& request);
  MessageId first_to_keep(const Request& request);

  const ReaderOptions options_;
  const Database& database_;
  std::function<void(std::unique_ptr<Commit>)> submit_;

  // The reader's thread only.
  RoomNumber next_room_{1};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Request> first_;
  std::deque<Request> pages_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace gavel::store::rocks
