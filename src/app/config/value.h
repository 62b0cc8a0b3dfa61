// One option's value: from text into a Config, and back. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/config/table.h"
#include "base/result.h"

namespace gavel::app {

// Sets an option from what stands on the command line, in the environment, or in a string of the
// file. Of a list `text` is one element, which is added. The error is a sentence that doesn't name
// the option.
Result<void, std::string> set(const Option& option, Config& config, std::string_view text);
// A number of a TOML file: of a number or a size; of a duration only 0.
Result<void, std::string> set(const Option& option, Config& config, std::int64_t number);
// A list begins anew: what a source of higher priority says replaces what lower ones said.
void clear(const Option& option, Config& config);

// As set() takes it; of a list the elements with a comma between. Passwords in URLs are masked.
std::string format(const Option& option, const Config& config);
// As gavel.toml has it: "5s", true, ["a", "b"].
std::string format_toml(const Option& option, const Config& config);
// "1 to 1024", "written or synced"; empty where anything goes.
std::string allowed(const Option& option);

bool same(const Option& option, const Config& a, const Config& b);

}  // namespace gavel::app
