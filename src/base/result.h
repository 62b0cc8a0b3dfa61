// Result<T, E>: a value or a small error enum, for failures that are expected (what the outside
// sends, a store that is away). No string, no allocation; a result that is ignored is a compile
// error. Any thread.
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>

namespace gavel {

// Reading the value of a failed result ends the process: that is a programmer's error, never the
// outside's.
template <class T, class E>
using Result =
    BOOST_OUTCOME_V2_NAMESPACE::basic_result<T, E, BOOST_OUTCOME_V2_NAMESPACE::policy::terminate>;

inline auto success() { return BOOST_OUTCOME_V2_NAMESPACE::success(); }

}  // namespace gavel
