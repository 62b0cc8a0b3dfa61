// What a message costs between a frame's payload and the room: scan, stamp, and the client's side.
// Pinned to nothing; look at the shortest of some repetitions: --benchmark_repetitions=9
// --benchmark_display_aggregates_only.
#include <benchmark/benchmark.h>

#include <string>

#include "base/stamp.h"
#include "wire/scanner.h"
#include "wire/server_message.h"

namespace gavel {
namespace {

void scan(benchmark::State& state, const std::string& text) {
  wire::Scanner scanner;
  for (auto _ : state) {
    const char* data = text.data();
    benchmark::DoNotOptimize(data);
    auto result = scanner.scan({data, text.size()});
    benchmark::DoNotOptimize(result);
    if (!result) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters["bytes"] = static_cast<double>(text.size());
}

std::string many_keys(int count) {
  std::string text = R"({"type":"a")";
  for (int i = 0; i < count; ++i) text += ",\"" + std::to_string(i) + "\":" + std::to_string(i);
  return text + "}";
}

std::string repeated(const std::string& piece, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += piece;
  return text;
}

BENCHMARK_CAPTURE(scan, ping, R"({"type":"ping"})");
BENCHMARK_CAPTURE(scan, move_100_bytes,
                  R"({"type":"move","seq":12345,"x":103,"y":772,"data":")" + std::string(48, 'x') +
                      "\"}");
BENCHMARK_CAPTURE(scan, move_with_ref, R"({"type":"move","ref":12345,"x":103.25,"y":772.5})");
BENCHMARK_CAPTURE(scan, move_forged, R"({"type":"move","client_id":12345,"x":103.25,"y":772.5})");
BENCHMARK_CAPTURE(scan, nested,
                  R"({"type":"state","players":[{"id":1,"pos":[1,2]},{"id":2,"pos":[3,4]}]})");
BENCHMARK_CAPTURE(scan, chat_1_kb, R"({"type":"chat","text":")" + std::string(1000, 'x') + "\"}");
// The hostile ones, all of about 64 KB: linear, so all below a millisecond.
BENCHMARK_CAPTURE(scan, many_keys_64_kb, many_keys(5600));
BENCHMARK_CAPTURE(scan, many_forged_64_kb,
                  "{" + repeated(R"("ts":1,"x":2,)", 4900) + R"("type":"a"})");
BENCHMARK_CAPTURE(scan, escapes_64_kb, R"({"type":"a","x":")" + repeated("\\u00e9", 10600) + "\"}");
BENCHMARK_CAPTURE(scan, escaped_key_64_kb,
                  R"({"type":"a",")" + repeated("\\u0074", 10600) + "\":1}");
BENCHMARK_CAPTURE(scan, white_space_64_kb, std::string(64000, ' ') + R"({"type":"a"})");
BENCHMARK_CAPTURE(scan, open_and_close_64_kb,
                  R"({"type":"a","x":[)" + repeated("[],", 21000) + "0]}");

void stamp(benchmark::State& state) {
  char out[kStampBytesMax];
  std::uint64_t id = 1000;
  for (auto _ : state) {
    auto size = stamp_bytes(MessageId{id}, ClientId{70007}, 1764036000123);
    benchmark::DoNotOptimize(size);
    benchmark::DoNotOptimize(write_stamp(out, MessageId{id}, ClientId{70007}, 1764036000123));
    benchmark::ClobberMemory();
    ++id;
  }
}
BENCHMARK(stamp);

const std::string kRoomMessage =
    R"({"msg_id":121,"client_id":7,"ts":1764036000123,"type":"move","ref":12345,)"
    R"("x":103,"y":772,"data":"xxxxxxxx"})";

void client_reads_stamp(benchmark::State& state) {
  for (auto _ : state) {
    auto stamped = wire::read_stamp(kRoomMessage);
    benchmark::DoNotOptimize(stamped);
  }
}
BENCHMARK(client_reads_stamp);

void client_reads_message(benchmark::State& state) {
  for (auto _ : state) {
    auto message = wire::read_server_message(kRoomMessage);
    benchmark::DoNotOptimize(message);
  }
}
BENCHMARK(client_reads_message);

}  // namespace
}  // namespace gavel
