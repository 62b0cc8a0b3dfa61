// CRC-32C (Castagnoli), as block headers and files carry it: by the processor's own instruction
// where it has one, found out at run time. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace gavel {

// `crc` continues an earlier call: crc32c(b, crc32c(a)) is crc32c(ab).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

// The same without the processor's instruction; for its test, and for machines that lack it.
std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace gavel
