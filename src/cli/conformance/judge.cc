#include "cli/conformance/judge.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/conformance/link.h"

namespace gavel::cli {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{30'000};
constexpr milliseconds kAway{3'000};  // a client that was kicked must stay away for so long
constexpr int kOther = 1;             // the client_id of the imagined player who asks
constexpr int kOwn = 7;               // the client_id of the client under test

// What a rule expected and did not see. Thrown by the rules, caught by judge_client().
struct Broken {
  std::string expected;
};

void expect(bool condition, std::string_view what) {
  if (!condition) throw Broken{"expected that " + std::string(what)};
}

// The room that the client believes to be in, and the connection that it has now.
class Judge {
 public:
  explicit Judge(LinkListener& listener) : listener_(listener) {}

  Json read() {
    const auto text = link_->read(kPatience);
    if (!text) throw Broken{link_->ending()};
    Json message = Json::parse(*text, nullptr, false);
    expect(message.is_object(), "it sends JSON objects, not " + *text);
    return message;
  }

  // Takes the next connection and its join. `knows`: how many messages it must have seen.
  Json take_join(std::optional<std::size_t> knows) {
    link_ = listener_.accept(kPatience);
    if (!link_) throw Broken{"the client did not connect in time"};
    Json join = read();
    expect(join.value("type", "") == "join", "its first message is join");
    if (!knows) return join;
    expect(join.value("since", Json()) == *knows, "since is " + std::to_string(*knows) +
                                                      ", the last id that it saw, not " +
                                                      join.value("since", Json()).dump());
    expect(join.value("resume", Json()) == "TOKEN", "the resume token comes along");
    return join;
  }

  // Answers a join, and replays what is behind `since` up to `until`.
  void answer_join(const Json& join, bool recovered, std::optional<std::size_t> until = {}) {
    const bool resumes = join.contains("resume");
    const std::size_t since = resumes && recovered ? join.value("since", 0U) : 0;
    link_->send(Json{
        {"type", "joined"},
        {"client_id", kOwn},
        {"room", join.value("room", "")},
        {"epoch", std::to_string(epoch_)},
        {"msg_id", log_.size()},
        {"first", since + 1},
        {"last_ref", last_ref_},
        {"recovered", recovered},
        {"resumed", resumes},
        {"resume",
         "TOKEN"}}.dump());
    for (std::size_t i = since; i < until.value_or(log_.size()); ++i) link_->send(log_[i].dump());
  }

  // It must come back by itself, knowing so many messages.
  Json rejoined(std::size_t knows, std::optional<std::size_t> until = {}) {
    Json join = take_join(knows);
    expect(join.value("epoch", Json()) == std::to_string(epoch_), "the epoch comes along");
    answer_join(join, true, until);
    return join;
  }

  void keep(int client, Json fields) {
    if (client == kOwn) last_ref_ = fields.value("ref", last_ref_);
    fields["msg_id"] = log_.size() + 1;
    fields["client_id"] = client;
    fields["ts"] = 1;
    log_.push_back(std::move(fields));
  }

  void show() { link_->send(log_.back().dump()); }

  void ask(int n) {
    keep(kOther, {{"type", "ask"}, {"n", n}});
    show();
  }

  // The client's next message must be the answer to `n`; `ref`: under this one, again.
  Json answer(int n, std::optional<Json> ref = {}) {
    Json got = read();
    expect(got.value("type", "") == "answer" && got.value("n", Json()) == n,
           "the answer to " + std::to_string(n) + " comes, not " + got.dump());
    expect(got.contains("ref") && got["ref"].is_number_integer() && got["ref"] > last_ref_,
           "it has a ref above " + last_ref_.dump());
    expect(!ref || *ref == got["ref"], "it comes again under its ref, " + ref.value_or(0).dump());
    return got;
  }

  void answered(int n) {
    keep(kOwn, answer(n));
    show();
  }

  void refuse(std::string_view code, const Json& ref) {
    link_->send(Json{
        {"type", "error"},
        {"code", code},
        {"message", "wait"},
        {"ref", ref},
        {"retry_after_ms",
         50}}.dump());
  }

  void forget(std::uint64_t epoch) {
    epoch_ = epoch;
    log_.clear();
  }

  Link& link() { return *link_; }
  LinkListener& listener() { return listener_; }
  const std::vector<Json>& log() const { return log_; }

 private:
  LinkListener& listener_;
  std::unique_ptr<Link> link_;
  std::vector<Json> log_;
  std::uint64_t epoch_ = 1000;
  Json last_ref_ = 0;
};

void order_and_resume(Judge& judge) {
  judge.answer_join(judge.take_join({}), true);
  for (const int n : {1, 2}) {
    judge.ask(n);
    judge.answered(n);
  }
  judge.link().cut();
  judge.rejoined(4);
}

void a_lost_message_comes_again(Judge& judge) {
  judge.ask(3);
  const Json lost = judge.answer(3);
  judge.link().cut();
  judge.rejoined(5);
  judge.keep(kOwn, judge.answer(3, lost["ref"]));
  judge.show();
}

void a_kept_message_does_not(Judge& judge) {
  judge.ask(4);
  judge.keep(kOwn, judge.answer(4));
  judge.link().cut();
  judge.rejoined(7);
  judge.ask(5);
  judge.answered(5);
}

void a_cut_in_the_replay(Judge& judge) {
  judge.link().cut();
  for (int i = 0; i < 3; ++i) judge.keep(kOther, {{"type", "talk"}});
  judge.rejoined(10, 12);
  // Both are on their way; nothing that the client has to say tells when it has read them.
  std::this_thread::sleep_for(milliseconds(500));
  judge.link().cut();
  judge.rejoined(12);
}

void late_and_in_pieces(Judge& judge) {
  judge.keep(kOther, {{"type", "ask"}, {"n", 6}});
  judge.link().send_in_pieces(judge.log().back().dump());
  judge.keep(kOwn, judge.answer(6));
  judge.link().send_in_pieces(judge.log().back().dump());
}

// A client may also come back on a new connection: then it must not have moved.
void a_repeat_is_not_passed_on(Judge& judge) {
  judge.ask(7);
  judge.answered(7);
  judge.link().send(judge.log()[judge.log().size() - 2].dump());
  judge.ask(8);
  judge.answered(8);
}

void a_hole_is_not_passed_over(Judge& judge) {
  const std::size_t seen = judge.log().size();
  judge.keep(kOther, {{"type", "ask"}, {"n", 9}});  // never shown on this connection
  judge.ask(10);
  const auto passed_on = judge.link().read(kPatience);
  expect(!passed_on, "it ends the connection and comes back for the rest, not " +
                         passed_on.value_or(std::string()));
  judge.rejoined(seen);
  judge.keep(kOwn, judge.answer(9));
  judge.show();
  judge.answered(10);
}

void a_refusal_is_tried_again_in_order(Judge& judge) {
  judge.ask(11);
  judge.ask(12);
  const Json first = judge.answer(11);
  const Json second = judge.answer(12);
  judge.refuse("rate_limited", first["ref"]);
  judge.refuse("out_of_order", second["ref"]);
  for (const auto& [n, ref] : {std::pair(11, first["ref"]), std::pair(12, second["ref"])}) {
    judge.keep(kOwn, judge.answer(n, ref));
    judge.show();
  }
}

void a_new_epoch(Judge& judge) {
  const std::size_t seen = judge.log().size();
  judge.link().close(4003, "epoch changed");
  const Json join = judge.take_join(seen);
  judge.forget(2000);
  judge.answer_join(join, false);
  judge.ask(13);
  judge.answered(13);
  judge.link().cut();
  judge.rejoined(2);
}

void a_kick_is_final(Judge& judge) {
  judge.link().close(4101, "kicked");
  expect(judge.listener().accept(kAway) == nullptr, "it stays away");
}

struct Rule {
  const char* name;
  void (*run)(Judge& judge);
};

constexpr Rule kRules[] = {
    {"order, and resume after a lost connection", order_and_resume},
    {"a lost message comes again under its ref", a_lost_message_comes_again},
    {"a kept message does not, though its echo was lost", a_kept_message_does_not},
    {"a cut in the replay", a_cut_in_the_replay},
    {"late, and in pieces", late_and_in_pieces},
    {"a repeat is not passed on", a_repeat_is_not_passed_on},
    {"a hole is not passed over", a_hole_is_not_passed_over},
    {"a refusal is tried again, in order", a_refusal_is_tried_again_in_order},
    {"a new epoch", a_new_epoch},
    {"a kick is final", a_kick_is_final},
};

}  // namespace

int judge_client(std::uint16_t port) {
  auto listener = LinkListener::listen(port);
  if (!listener) {
    std::fprintf(stderr, "gavel bench: --client-conformance: %s\n", listener.error().c_str());
    return 1;
  }
  std::printf("gavel bench: waiting for a client on ws://127.0.0.1:%u\n",
              unsigned{listener.value()->port()});
  std::fflush(stdout);
  Judge judge(*listener.value());
  for (const Rule& rule : kRules) {
    try {
      rule.run(judge);
    } catch (const Broken& broken) {
      std::printf("broken  %s: %s\n", rule.name, broken.expected.c_str());
      return 3;
    }
    std::printf("kept    %s\n", rule.name);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace gavel::cli
