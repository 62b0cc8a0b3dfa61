#include "store/mongo/json_to_bson.h"

#include <bson/bson.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <unordered_set>

namespace gavel::store::mongo {
namespace {

// BSON servers hold 100 levels; two are around this one.
constexpr unsigned kDepthMax = 90;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";        // U+FFFD
constexpr std::string_view kFullWidthDollar = "\xef\xbc\x84";    // U+FF04
constexpr std::string_view kFullWidthFullStop = "\xef\xbc\x8e";  // U+FF0E

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

std::string key_that_fits(std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '\0') {
      out += kReplacement;
    } else if (key[i] == '$' && i == 0) {
      out += kFullWidthDollar;
    } else if (key[i] == '.') {
      out += kFullWidthFullStop;
    } else {
      out += key[i];
    }
  }
  return out;
}

// One pass over the text; each function reads what its name says and returns whether it was there.
class Converter {
 public:
  explicit Converter(std::string_view text) : rest_(text) {}

  bool members(bson_t* into, unsigned depth) {
    if (depth > kDepthMax) return false;
    skip_space();
    if (take('}')) return true;
    std::unordered_set<std::string> seen;
    do {
      std::string key;
      skip_space();
      if (!take('"') || !string(key)) return false;
      key = key_that_fits(key);
      skip_space();
      if (!take(':')) return false;
      const bool again = !seen.insert(key).second;
      bson_t unwanted = BSON_INITIALIZER;
      const bool ok = value(again ? &unwanted : into, key, depth);
      bson_destroy(&unwanted);
      if (!ok) return false;
      skip_space();
    } while (take(','));
    return take('}');
  }

  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  bool value(bson_t* into, const std::string& key, unsigned depth) {
    skip_space();
    const int size = static_cast<int>(key.size());
    if (take('{')) {
      bson_t child;
      if (!bson_append_document_begin(into, key.c_str(), size, &child)) return false;
      const bool ok = members(&child, depth + 1);
      return bson_append_document_end(into, &child) && ok;
    }
    if (take('[')) {
      bson_t child;
      if (!bson_append_array_begin(into, key.c_str(), size, &child)) return false;
      const bool ok = elements(&child, depth + 1);
      return bson_append_array_end(into, &child) && ok;
    }
    if (take('"')) {
      std::string text;
      return string(text) &&
             bson_append_utf8(into, key.c_str(), size, text.data(), static_cast<int>(text.size()));
    }
    if (word("true")) return bson_append_bool(into, key.c_str(), size, true);
    if (word("false")) return bson_append_bool(into, key.c_str(), size, false);
    if (word("null")) return bson_append_null(into, key.c_str(), size);
    return number(into, key.c_str(), size);
  }

  bool elements(bson_t* into, unsigned depth) {
    if (depth > kDepthMax) return false;
    skip_space();
    if (take(']')) return true;
    std::size_t index = 0;
    do {
      if (!value(into, std::to_string(index++), depth)) return false;
      skip_space();
    } while (take(','));
    return take(']');
  }

  bool number(bson_t* into, const char* key, int key_size) {
    const std::string_view text = rest_.substr(0, rest_.find_first_not_of("+-.0123456789eE"));
    if (text.empty()) return false;
    rest_.remove_prefix(text.size());
    const char* const end = text.data() + text.size();
    std::int64_t whole = 0;
    const auto as_whole = std::from_chars(text.data(), end, whole);
    if (as_whole.ec == std::errc() && as_whole.ptr == end && text != "-0") {
      if (whole >= std::numeric_limits<std::int32_t>::min() &&
          whole <= std::numeric_limits<std::int32_t>::max()) {
        return bson_append_int32(into, key, key_size, static_cast<std::int32_t>(whole));
      }
      return bson_append_int64(into, key, key_size, whole);
    }
    double real = 0;
    const auto as_real = std::from_chars(text.data(), end, real);
    if (as_real.ptr != end) return false;
    // Beyond a double's range: strtod() says whether it is infinite or nothing.
    if (as_real.ec != std::errc()) real = std::strtod(std::string(text).c_str(), nullptr);
    return bson_append_double(into, key, key_size, real);
  }

  // Behind the opening quote.
  bool string(std::string& out) {
    for (;;) {
      const std::size_t plain = rest_.find_first_of("\"\\");
      if (plain == rest_.npos) return false;
      out += rest_.substr(0, plain);
      const bool ends = rest_[plain] == '"';
      rest_.remove_prefix(plain + 1);
      if (ends) return bson_utf8_validate(out.data(), out.size(), true);
      if (!escape(out)) return false;
    }
  }

  // Behind the backslash.
  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    if (kind == 'u') return unicode(out);
    constexpr std::string_view kKinds = "\"\\/bfnrt";
    constexpr std::string_view kMean = "\"\\/\b\f\n\r\t";
    const std::size_t at = kKinds.find(kind);
    if (at == kKinds.npos) return false;
    out += kMean[at];
    return true;
  }

  bool unicode(std::string& out) {
    std::uint32_t unit = 0;
    if (!four_digits(unit)) return false;
    if (unit >= 0xd800 && unit < 0xdc00 && rest_.starts_with("\\u")) {
      const std::string_view before = rest_;
      rest_.remove_prefix(2);
      std::uint32_t low = 0;
      if (!four_digits(low)) return false;
      if (low >= 0xdc00 && low < 0xe000) {
        append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return true;
      }
      rest_ = before;  // what follows is a character of its own
    }
    if (unit >= 0xd800 && unit < 0xe000) {
      out += kReplacement;
    } else {
      append_utf8(out, unit);
    }
    return true;
  }

  bool four_digits(std::uint32_t& unit) {
    if (rest_.size() < 4) return false;
    const auto [end, fault] = std::from_chars(rest_.data(), rest_.data() + 4, unit, 16);
    if (fault != std::errc() || end != rest_.data() + 4) return false;
    rest_.remove_prefix(4);
    return true;
  }

  bool word(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_space() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != rest_.npos) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::string> body_to_bson(std::string_view json) {
  Converter converter(json);
  bson_t document = BSON_INITIALIZER;
  std::optional<std::string> bytes;
  if (converter.members(&document, 1) && converter.at_end()) {
    bytes.emplace(reinterpret_cast<const char*>(bson_get_data(&document)), document.len);
  }
  bson_destroy(&document);
  return bytes;
}

}  // namespace gavel::store::mongo
