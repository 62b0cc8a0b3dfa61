// base64url (RFC 4648 §5) without padding, as tokens use it. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gavel {

std::string base64url_encode(std::string_view bytes);

// Strict, so that a text has one meaning and a meaning one text: nothing for padding, + and /,
// white space, a length that no bytes have, and bits behind the last byte that are not zero.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace gavel
