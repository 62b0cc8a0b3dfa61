#include <utility>

#include "store/redis/node.h"

namespace gavel::store::redis {

Trouble trouble_of(std::string_view error) {
  constexpr std::pair<std::string_view, Trouble> kTable[] = {
      {"OOM ", Trouble::full},
      {"MOVED ", Trouble::moved},
      {"ASK ", Trouble::later},  // the slot is on its way: when it has arrived, MOVED says where
      {"TRYAGAIN", Trouble::later},
      {"LOADING", Trouble::later},
      {"BUSY", Trouble::later},
      {"CLUSTERDOWN", Trouble::later},
      {"MASTERDOWN", Trouble::later},
      {"MISCONF", Trouble::later},
      {"NOREPLICAS", Trouble::later},
      {"READONLY", Trouble::not_master},
      {"ERR Function not found", Trouble::no_function},
      {"NOAUTH", Trouble::access},
      {"WRONGPASS", Trouble::access},
      {"NOPERM", Trouble::access},
      {"ERR AUTH", Trouble::access},
      {"ERR invalid password", Trouble::access},
      {"WRONGTYPE", Trouble::wrong_type},
  };
  for (const auto& [prefix, trouble] : kTable) {
    if (error.starts_with(prefix)) return trouble;
  }
  // An error inside a function comes with the function's name around it.
  if (error.find("WRONGTYPE") != error.npos) return Trouble::wrong_type;
  return Trouble::unclear;
}

}  // namespace gavel::store::redis
