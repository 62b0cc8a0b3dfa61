// Small files that a configuration names: keys, passwords, certificates. At start-up and reload;
// blocks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace gavel {

// The whole file; else nothing, and `error` is a line: "/etc/gavel/key.pem: can't be read:
// Permission denied".
std::optional<std::string> read_small_file(const std::string& path, std::string& error,
                                           std::size_t bytes_max = 1024 * 1024);

// The first line of a file that holds a key or a password, without its end. An empty one is an
// error.
std::optional<std::string> read_secret_line(const std::string& path, std::string& error);

}  // namespace gavel
