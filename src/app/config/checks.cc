#include "app/config/checks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/escape.h"
#include "base/log.h"

namespace gavel::app {
namespace {

bool number_within(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() && value <= max;
}

// 4, 6, or 0 where it is no address.
int address_family(std::string_view text) {
  unsigned char bytes[16];
  const std::string copy(text);
  if (::inet_pton(AF_INET, copy.c_str(), bytes) == 1) return 4;
  return ::inet_pton(AF_INET6, copy.c_str(), bytes) == 1 ? 6 : 0;
}

}  // namespace

std::string check_address(std::string_view text) {
  constexpr std::string_view kHow = "write HOST:PORT, e.g. 0.0.0.0:8765 or [::]:8765";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return "the port is missing: " + std::string(kHow);
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.empty()) return "the host is missing: " + std::string(kHow);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return "an IPv6 address needs brackets: " + std::string(kHow);
  }
  if (bracketed && address_family(host.substr(1, host.size() - 2)) != 6) {
    return "what stands in brackets is no IPv6 address";
  }
  if (!is_plain_text(host) || host.find_first_of(" /") != std::string_view::npos) {
    return "the host is no name and no address: " + std::string(kHow);
  }
  if (!number_within(port, 65535)) {
    return '"' + escape_for_log(port) + "\" is no port: 1 to 65535, or 0 for a free one";
  }
  return {};
}

std::string check_address_or_none(std::string_view text) {
  return text.empty() ? std::string() : check_address(text);
}

std::string check_origin(std::string_view text) {
  if (text == "*" || text == "null") return {};
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) {
    return "an origin begins with its scheme: write https://" + escape_for_log(text);
  }
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t path = rest.find('/');
  if (path != std::string_view::npos) {
    return "an origin has no path: write " + escape_for_log(text.substr(0, scheme + 3 + path));
  }
  if (rest.empty()) return "the host is missing";
  return {};
}

std::string check_store(std::string_view text) {
  constexpr std::string_view kHow =
      "memory, rocks:DIR, redis://HOST:PORT, rediss://HOST:PORT, redis-cluster://HOST:PORT, "
      "unix:PATH";
  if (text == "memory") return {};
  for (const std::string_view scheme :
       {"rocks:", "redis://", "rediss://", "redis-cluster://", "rediss-cluster://", "unix:"}) {
    if (!text.starts_with(scheme)) continue;
    if (text.size() > scheme.size()) return {};
    return "something is missing behind " + std::string(scheme) + ": " + std::string(kHow);
  }
  constexpr std::string_view kNames[] = {"memory", "rocks",         "redis",
                                         "rediss", "redis-cluster", "unix"};
  const std::string_view near = nearest(text.substr(0, text.find(':')), kNames);
  std::string meant = near.empty() ? std::string() : "; did you mean " + std::string(near) + "?";
  return "no store: " + std::string(kHow) + meant;
}

std::string check_archive(std::string_view text) {
  if (text.empty() || text.starts_with("mongodb://") || text.starts_with("mongodb+srv://"))
    return {};
  return "no archive: write mongodb://HOST:PORT or mongodb+srv://HOST";
}

std::string check_log_level(std::string_view text) {
  auto levels = log::parse_levels(text);
  return levels ? std::string() : std::move(levels).error();
}

std::string_view nearest(std::string_view written, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, written.size() / 3) + 1;
  for (const std::string_view word : known) {
    // Levenshtein's distance, a neighbours' swap counting as one; three rows of the table.
    std::vector<std::size_t> before(word.size() + 1);
    std::vector<std::size_t> last(word.size() + 1);
    std::vector<std::size_t> row(word.size() + 1);
    for (std::size_t j = 0; j <= word.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= written.size(); ++i) {
      row[0] = i;
      for (std::size_t j = 1; j <= word.size(); ++j) {
        const bool differ = written[i - 1] != word[j - 1];
        row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (differ ? 1 : 0)});
        const bool swapped =
            i > 1 && j > 1 && written[i - 1] == word[j - 2] && written[i - 2] == word[j - 1];
        if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
      }
      before.swap(last);
      last.swap(row);
    }
    if (last[word.size()] < best_distance) {
      best_distance = last[word.size()];
      best = word;
    }
  }
  return best;
}

std::string mask_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t begin = scheme + 3;
  const std::string_view authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const std::size_t colon = authority.substr(0, at).find(':');
  if (colon == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, begin + colon + 1)) + "***" +
         std::string(url.substr(begin + at));
}

}  // namespace gavel::app
