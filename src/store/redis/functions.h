// The functions that run inside Redis (gavel.lua), as the text for FUNCTION LOAD. Any thread.
#pragma once

#include <string>

namespace gavel::store::redis {

extern const char* const kFunctionsSource;

// The library's text with its name, which is made from the text: servers of different versions load
// their own ones beside each other.
struct FunctionLibrary {
  std::string prefix;  // of each function's name
  std::string text;
};
FunctionLibrary function_library();

}  // namespace gavel::store::redis
