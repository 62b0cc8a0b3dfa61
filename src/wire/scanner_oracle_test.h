// For tests and fuzzers only: what a scan must say, by a JSON library and the plain rules, slowly.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/stamp.h"
#include "wire/scanner.h"

namespace gavel::wire {

// A text as the library sees it: its top-level members in their order, duplicates too.
struct OracleView {
  bool is_json = false;
  bool is_known = true;  // false: the library gives up on what is JSON (1e999), and says nothing
  bool is_object = false;
  int levels = 0;
  std::vector<std::pair<std::string, nlohmann::json>> members;
};

inline OracleView oracle_view(std::string_view text) {
  using Event = nlohmann::json::parse_event_t;
  OracleView view;
  // It skips a byte order mark, and takes NUL for the end.
  if (text.starts_with("\xef\xbb\xbf")) return view;
  if (text.find('\0') != text.npos) {
    view.is_known = false;
    return view;
  }
  const auto on_event = [&view](int depth, Event event, nlohmann::json& value) {
    if (event == Event::object_start || event == Event::array_start) {
      view.levels = std::max(view.levels, depth + 1);
    } else if (depth == 1 && event == Event::key) {
      view.members.emplace_back(value.get<std::string>(), nullptr);
    } else if (depth == 1 && !view.members.empty()) {
      view.members.back().second = value;
    }
    return true;
  };
  try {
    view.is_object = nlohmann::json::parse(text, on_event).is_object();
    view.is_json = true;
  } catch (const nlohmann::json::parse_error&) {
  } catch (const nlohmann::json::exception&) {
    view.is_known = false;
  }
  return view;
}

inline bool is_servers_name(std::string_view name) {
  return name == "client_id" || name == "msg_id" || name == "ts";
}

// The code of the first fault of a text that is JSON; "" where it is a good message.
inline std::string_view expected_code(const OracleView& view) {
  if (view.levels > static_cast<int>(kDepthMax)) return "too_deep";
  if (!view.is_object) return "not_an_object";
  int types = 0;
  int refs = 0;
  for (const auto& [name, value] : view.members) {
    if (name == "type") {
      if (types++ != 0) return "duplicate_field";
      if (!value.is_string() || value.get<std::string>().size() > kTypeBytesMax) return "bad_type";
      if (is_reserved_type(value.get<std::string>())) return "reserved_type";
    } else if (name == "ref") {
      if (refs++ != 0) return "duplicate_field";
      const std::uint64_t ref = value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
      if (ref == 0 || ref > kSafeIntegerMax) return "bad_ref";
    }
  }
  return types == 0 ? "bad_type" : "";
}

// How the scanner and the oracle disagree about a (valid UTF-8) text; "" where they agree.
inline std::string disagreement(Scanner& scanner, std::string_view text) {
  const auto result = scanner.scan(text);
  const std::string_view code = result ? "" : info(result.error().code).name;
  if (!result && result.error().offset > text.size()) return "an offset behind the end";
  const OracleView in = oracle_view(text);
  if (!in.is_known || (!in.is_json && code == "too_deep")) return "";
  const std::string_view expected = in.is_json ? expected_code(in) : "bad_json";
  if (code != expected) return "said " + std::string{code} + ", expected " + std::string{expected};
  if (!result) return "";

  const Incoming& incoming = result.value();
  std::array<char, kStampBytesMax> stamp;
  const MessageId id{121};
  const ClientId client{7};
  std::string stamped{stamp.data(), write_stamp(stamp.data(), id, client, 1764036000123)};
  stamped += incoming.body;
  std::vector<std::pair<std::string, nlohmann::json>> kept{
      {"msg_id", id.value}, {"client_id", client.value}, {"ts", 1764036000123u}};
  for (const auto& member : in.members) {
    if (!is_servers_name(member.first)) kept.push_back(member);
    if (member.first == "type" && member.second != incoming.type) return "another type";
    if (member.first == "ref" && member.second != incoming.ref.value) return "another ref";
  }
  const OracleView out = oracle_view(stamped);
  if (!out.is_json) return "made what is no JSON: " + stamped;
  return out.members == kept ? "" : "other members came out: " + stamped;
}

}  // namespace gavel::wire
