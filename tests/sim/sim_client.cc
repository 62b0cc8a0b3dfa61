#include "sim_client.h"

#include <stdexcept>

namespace gavel::sim {
namespace {

// The value behind `"name":` in a text of ours; good enough for what the server writes itself.
std::string field(const std::string& text, const std::string& name) {
  const std::string key = "\"" + name + "\":";
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return {};
  std::size_t begin = at + key.size();
  if (text[begin] == '"') return text.substr(begin + 1, text.find('"', begin + 1) - begin - 1);
  return text.substr(begin, text.find_first_of(",}", begin) - begin);
}

std::uint64_t number_field(const std::string& text, const std::string& name) {
  const std::string value = field(text, name);
  return value.empty() ? 0 : std::stoull(value);
}

}  // namespace

SimClient::SimClient(int number, std::string room, Random& random, Judge& judge)
    : number_(number), room_(std::move(room)), random_(random), judge_(judge) {}

std::shared_ptr<Wire> SimClient::connect() {
  wire_ = std::make_shared<Wire>();
  wire_->capacity = 64 + random_.below(8000);
  in_.clear();
  upgraded_ = joined_ = awaiting_retry_ = false;
  wire_->to_server =
      "GET / HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  send_join();
  return wire_;
}

void SimClient::send_join() {
  std::string join = R"({"type":"join","room":")" + room_ + "\"";
  if (last_seen_ != 0) join += ",\"since\":" + std::to_string(last_seen_);
  if (!epoch_.empty()) join += R"(,"epoch":")" + epoch_ + "\"";
  if (!resume_.empty()) join += R"(,"resume":")" + resume_ + "\"";
  send_frame(1, join + "}");
}

void SimClient::send_frame(unsigned opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xff);
  }
  char mask[4];
  for (char& byte : mask) byte = static_cast<char>(random_.next_u64());
  frame.append(mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  wire_->to_server += frame;
}

void SimClient::send() {
  const std::uint64_t ref = next_ref_++;
  std::string text = R"({"type":"move","client_id":99,"from":)" + std::to_string(number_) +
                     ",\"count\":" + std::to_string(++count_) + ",\"ref\":" + std::to_string(ref) +
                     ",\"pad\":\"" +
                     std::string(random_.below(10) == 0 ? 2000 : random_.below(60), 'x') + "\"}";
  send_frame(1, text);
  unanswered_.push_back({ref, std::move(text)});
}

void SimClient::retry() {
  awaiting_retry_ = false;
  for (const Sent& sent : unanswered_) send_frame(1, sent.text);
}

void SimClient::leave() {
  send_frame(1, R"({"type":"leave"})");
  joined_ = false;
}

void SimClient::drop(bool reset) {
  if (reset) {
    wire_->broken = true;
  } else {
    wire_->client_ended = true;
  }
  gone();
}

void SimClient::gone() {
  wire_.reset();
  joined_ = false;
}

void SimClient::read(std::size_t bytes) {
  if (!wire_) return;
  const std::size_t taken = std::min(bytes, wire_->to_client.size());
  in_ += wire_->to_client.substr(0, taken);
  wire_->to_client.erase(0, taken);
  parse();
  if (!wire_) return;
  const bool over =
      wire_->to_client.empty() && (wire_->server_gone || wire_->server_ended || wire_->broken);
  if (over) {
    wire_->client_ended = true;
    gone();
  }
}

void SimClient::parse() {
  if (!upgraded_) {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    if (in_.find("101") > 20) throw std::logic_error("no upgrade: " + in_.substr(0, end));
    in_.erase(0, end + 4);
    upgraded_ = true;
  }
  while (wire_ && in_.size() >= 2) {
    const unsigned opcode = static_cast<unsigned char>(in_[0]) & 0x0f;
    std::size_t header = 2;
    std::size_t size = static_cast<unsigned char>(in_[1]);
    if (size == 126) {
      if (in_.size() < 4) return;
      header = 4;
      size = static_cast<std::size_t>(static_cast<unsigned char>(in_[2])) << 8 |
             static_cast<unsigned char>(in_[3]);
    } else if (size > 126) {
      throw std::logic_error("P4: a frame that no server of ours sends: a joint inside a frame?");
    }
    if (in_.size() < header + size) return;
    const std::string payload = in_.substr(header, size);
    in_.erase(0, header + size);
    if (opcode == 1) {
      on_text(payload);
    } else if (opcode == 9) {
      send_frame(10, payload);
    } else if (opcode == 8) {
      send_frame(8, payload);
      wire_->client_ended = true;
      gone();
    } else {
      throw std::logic_error("P4: opcode " + std::to_string(opcode) + ": a joint inside a frame?");
    }
  }
}

void SimClient::on_text(const std::string& text) {
  if (text.starts_with("{\"msg_id\":")) return on_message(text);
  const std::string type = field(text, "type");
  if (type == "joined") return on_joined(text);
  if (type == "duplicate") return settle(number_field(text, "ref"));
  if (type == "left") {
    // Comes back as somebody new, and keeps nothing.
    last_seen_ = 0;
    epoch_.clear();
    resume_.clear();
    unanswered_.clear();
    next_ref_ = 1;
    return send_join();
  }
  if (type != "error") throw std::logic_error("P4: what is this? " + text);
  const std::string code = field(text, "code");
  if (code == "store_full" || code == "store_unavailable" || code == "out_of_order") {
    awaiting_retry_ = true;
    if (!joined_ && number_field(text, "ref") == 0) send_join();  // the join itself was refused
    return;
  }
  if (code == "not_joined") return;  // sent before the join was answered with a failure
  throw std::logic_error("an error that nothing here should cause: " + text);
}

void SimClient::on_joined(const std::string& text) {
  const std::string epoch = field(text, "epoch");
  const bool recovered = field(text, "recovered") == "true";
  const bool resumed = field(text, "resumed") == "true";
  if (recovered && !epoch_.empty() && epoch != epoch_) {
    throw std::logic_error("P6: recovered over a change of epoch");
  }
  client_id_ = number_field(text, "client_id");
  epoch_ = epoch;
  resume_ = field(text, "resume");
  const std::uint64_t first = number_field(text, "first");
  if (recovered && last_seen_ != 0 && first != last_seen_ + 1)
    throw std::logic_error("P4: recovered, but starts at " + text);
  last_seen_ = first - 1;
  joined_ = true;
  if (!resumed) {
    // Another client_id: what was not answered is sent again as new messages of the new one.
    unanswered_.clear();
    next_ref_ = 1;
    return;
  }
  const std::uint64_t last_ref = number_field(text, "last_ref");
  while (!unanswered_.empty() && unanswered_.front().ref <= last_ref)
    settle(unanswered_.front().ref);
  retry();
}

void SimClient::on_message(const std::string& text) {
  Seen seen;
  seen.msg_id = number_field(text, "msg_id");
  seen.client_id = number_field(text, "client_id");
  seen.ref = number_field(text, "ref");
  seen.payload = text;
  if (!joined_ && wire_ && upgraded_ && epoch_.empty())
    throw std::logic_error("a message before joined");
  if (seen.msg_id != last_seen_ + 1) {
    throw std::logic_error("P4: client " + std::to_string(number_) + " of " + room_ + " had " +
                           std::to_string(last_seen_) + " and got " + text);
  }
  if (text.find("\"client_id\":99") != std::string::npos)
    throw std::logic_error("a forged id: " + text);
  last_seen_ = seen.msg_id;
  judge_.seen(room_, epoch_, seen);
  if (seen.client_id == client_id_ && seen.ref != 0) settle(seen.ref);
}

// A ref that is kept says so of all before it: they are kept in order. (The judge asks for each of
// them in the end.)
void SimClient::settle(std::uint64_t ref) {
  judge_.told_kept(room_, epoch_, client_id_, ref);
  while (!unanswered_.empty() && unanswered_.front().ref <= ref) {
    judge_.told_kept(room_, epoch_, client_id_, unanswered_.front().ref);
    unanswered_.pop_front();
  }
}

}  // namespace gavel::sim
