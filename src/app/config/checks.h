// What a single text of the configuration may be; each returns what is wrong and what to write
// instead, or nothing. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gavel::app {

std::string check_address(std::string_view text);          // HOST:PORT, [IPV6]:PORT
std::string check_address_or_none(std::string_view text);  // or nothing
std::string check_origin(std::string_view text);           // https://game.example, *
std::string check_store(std::string_view text);
std::string check_archive(std::string_view text);  // or nothing
std::string check_log_level(std::string_view text);

// Of `known` the one that `written` is a slip of the finger away from; empty where none is.
std::string_view nearest(std::string_view written, std::span<const std::string_view> known);

// A URL with its password as "***".
std::string mask_password(std::string_view url);

}  // namespace gavel::app
