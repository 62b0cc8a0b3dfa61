// Files that are part of the binary (cmake/EmbedFiles.cmake): the console and the API's
// description. Any thread.
#pragma once

#include <span>
#include <string_view>

namespace gavel::admin {

struct EmbeddedFile {
  std::string_view path;  // in the source tree
  std::string_view content;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace gavel::admin
