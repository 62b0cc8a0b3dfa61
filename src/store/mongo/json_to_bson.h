// A JSON object as a BSON document, for people's queries: best effort, the exact text lies beside
// it. What BSON can't hold is made to fit rather than refused:
//
// - whole numbers within 64 bits stay whole, all other numbers become doubles (infinite where too
//   large);
// - in keys a "$" at the front and every "." become "＄" and "．", which no server refuses;
// - of a key that stands twice in an object the first counts;
// - halves of surrogate pairs become U+FFFD, and a NUL in a key, too.
//
// Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gavel::store::mongo {

// `json` is an object without its first "{" (a message's body). The document's bytes; nothing where
// the text is no JSON or is nested too deep.
std::optional<std::string> body_to_bson(std::string_view json);

}  // namespace gavel::store::mongo
