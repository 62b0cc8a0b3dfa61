// What comes from outside, made safe to show: in a log line, on a terminal, in an error text. Any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace gavel {

// True for characters that steer a terminal, a line or the direction of text instead of being seen:
// C0, DEL, C1, U+2028, U+2029, and the bidirectional controls.
bool is_control_character(char32_t c);

bool is_utf8(std::string_view text);

// True when `text` is valid UTF-8 without such characters.
bool is_plain_text(std::string_view text);

// `text` with each of those characters as \u{202e}, each byte that is no UTF-8 as \xff, and \ as
// \\, so that the result is one line, valid UTF-8, and can be read back without doubt.
std::string escape_for_log(std::string_view text);

}  // namespace gavel
