#include "app/config/load.h"

#include <toml++/toml.h>

#include <algorithm>

#include "app/config/checks.h"
#include "app/config/value.h"
#include "base/config_file.h"
#include "base/escape.h"

namespace gavel::app {
namespace {

std::size_t place(const Option& option) {
  return static_cast<std::size_t>(&option - options().data());
}

// --- the file ---

// The place where a value stands, for messages.
std::string position(const std::string& file, const toml::source_region& region) {
  return file + ':' + std::to_string(region.begin.line) + ':' + std::to_string(region.begin.column);
}

class TomlReader {
 public:
  TomlReader(const std::string& file, Loaded& into) : file_(file), into_(into) {}

  void read(const toml::table& root) {
    for (const auto& [name, node] : root) {
      if (const toml::table* const section = node.as_table()) {
        read_section(name, *section);
      } else {
        tell(name.source(), unknown_top(name.str()));
      }
    }
  }

 private:
  void read_section(const toml::key& name, const toml::table& section) {
    std::vector<std::string_view> names;
    for (const Section& known : sections()) names.push_back(known.name);
    if (std::find(names.begin(), names.end(), name.str()) == names.end()) {
      const std::string_view near = nearest(name.str(), names);
      tell(name.source(), "no section [" + escape_for_log(name.str()) + "]" + did_you_mean(near));
      return;
    }
    for (const auto& [key, node] : section) {
      if (const Option* const option = find_option(name.str(), key.str())) {
        read_value(*option, key, node);
      } else {
        tell(key.source(), unknown_key(name.str(), key.str()));
      }
    }
  }

  void read_value(const Option& option, const toml::key& key, const toml::node& node) {
    const std::size_t errors_before = into_.errors.size();
    clear(option, into_.config);
    const toml::array* const array = node.as_array();
    if (option.kind == Kind::list && array != nullptr) {
      for (const toml::node& element : *array) read_single(option, element);
    } else {
      read_single(option, node);
    }
    if (into_.errors.size() != errors_before) return;
    into_.origins[place(option)] = {Origin::Kind::file, position(file_, key.source())};
  }

  void read_single(const Option& option, const toml::node& node) {
    Result<void, std::string> outcome = success();
    if (const auto text = node.as_string()) {
      outcome = read_string(option, text->get());
    } else if (const auto number = node.as_integer()) {
      outcome = set(option, into_.config, number->get());
    } else if (const auto flag = node.as_boolean()) {
      if (option.kind == Kind::flag) {
        outcome = set(option, into_.config, flag->get() ? "true" : "false");
      } else {
        outcome = "true or false where " + wanted(option) + " belongs";
      }
    } else {
      outcome = std::string(type_name(node)) + " where " + wanted(option) + " belongs";
    }
    if (outcome) return;
    tell(node.source(),
         std::string(option.section) + '.' + std::string(option.key) + ": " + outcome.error());
  }

  Result<void, std::string> read_string(const Option& option, const std::string& text) {
    // In a file a number stands without quotes; a text that looks like one hides a mistake.
    if (option.kind == Kind::number) {
      return '"' + escape_for_log(text) + "\" is a text where a number belongs: " + allowed(option);
    }
    if (option.kind == Kind::flag) {
      return '"' + escape_for_log(text) + "\" is a text where true or false belongs";
    }
    return set(option, into_.config, text);
  }

  static std::string_view type_name(const toml::node& node) {
    if (node.is_array()) return "a list";
    if (node.is_table()) return "a table";
    if (node.is_floating_point()) return "a decimal number";
    return "a date or time";
  }

  static std::string wanted(const Option& option) {
    switch (option.kind) {
      case Kind::flag:
        return "true or false";
      case Kind::number:
        return "a whole number";
      case Kind::size:
        return "a size (\"64KiB\")";
      case Kind::duration:
        return "a duration (\"5s\")";
      case Kind::list:
        return "a list of texts";
      default:
        return "a text";
    }
  }

  static std::string did_you_mean(std::string_view word) {
    return word.empty() ? std::string() : "; did you mean " + std::string(word) + "?";
  }

  static std::string unknown_key(std::string_view section, std::string_view key) {
    const std::string what = "no option " + std::string(section) + '.' + escape_for_log(key);
    std::vector<std::string_view> here;
    for (const Option& option : options()) {
      if (option.section == section) here.push_back(option.key);
    }
    std::string dashed(key);
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    if (const std::string_view near = nearest(dashed, here); !near.empty()) {
      return what + did_you_mean(near);
    }
    return what + elsewhere(dashed);
  }

  // The name of an option, or the key of another section.
  static std::string elsewhere(std::string_view key) {
    for (const Option& option : options()) {
      if (option.key != key && option.name != key) continue;
      return "; did you mean " + std::string(option.key) + " in [" + std::string(option.section) +
             "]?";
    }
    return {};
  }

  static std::string unknown_top(std::string_view key) {
    return "no option " + escape_for_log(key) + " outside of a section" + elsewhere(key);
  }

  void tell(const toml::source_region& region, std::string_view what) {
    into_.errors.push_back(position(file_, region) + ": " + std::string(what));
  }

  const std::string& file_;
  Loaded& into_;
};

// --- environment and command line ---

// Of a list the commas separate the elements: no element of any has one.
void set_from(const Option& option, std::string_view text, const Origin& origin, Loaded& into) {
  clear(option, into.config);
  bool good = true;
  while (good) {
    const std::size_t comma = option.kind == Kind::list ? text.find(',') : std::string_view::npos;
    const std::string_view element = text.substr(0, comma);
    if (option.kind != Kind::list || !element.empty()) {
      if (const auto outcome = set(option, into.config, element); !outcome) {
        into.errors.push_back(origin.where + ": " + outcome.error());
        good = false;
      }
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (good) into.origins[place(option)] = origin;
}

void load_environment(const char* const* environment, Loaded& into) {
  std::vector<std::string> names;
  for (const Option& option : options()) names.push_back(environment_name(option));
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (!entry.starts_with("GAVEL_")) continue;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = entry.substr(0, equals);
    if (name == "GAVEL_CONFIG") continue;
    const auto at = std::find(names.begin(), names.end(), name);
    if (at != names.end()) {
      const Option& option = options()[static_cast<std::size_t>(at - names.begin())];
      set_from(option, entry.substr(equals + 1), {Origin::Kind::environment, std::string(name)},
               into);
      continue;
    }
    // Not an error: Kubernetes puts GAVEL_SERVICE_HOST and the like there for a service named
    // gavel.
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = nearest(name, known);
    into.warnings.push_back(escape_for_log(name) + ": no such option" +
                            (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
  }
}

void load_command_line(const CommandLine& command_line, Loaded& into) {
  for (const auto& [option, values] : command_line.given) {
    const Origin origin{Origin::Kind::command_line, "--" + std::string(option->name)};
    std::string joined;
    for (const std::string& value : values) {
      if (!joined.empty()) joined += ',';
      joined += value;
    }
    set_from(*option, joined, origin, into);
  }
}

const char* find_variable(const char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return *environment + name.size() + 1;
    }
  }
  return "";
}

}  // namespace

void load_toml(std::string_view text, const std::string& file, Loaded& into) {
  into.origins.resize(options().size());
  try {
    const toml::table root = toml::parse(text, file);
    TomlReader(escape_for_log(file), into).read(root);
  } catch (const toml::parse_error& fault) {
    into.errors.push_back(position(escape_for_log(file), fault.source()) + ": " +
                          escape_for_log(fault.description()));
  }
}

Loaded load(const CommandLine& command_line, const char* const* environment) {
  Loaded loaded;
  loaded.origins.resize(options().size());
  loaded.file = command_line.config_file;
  if (loaded.file.empty()) loaded.file = find_variable(environment, "GAVEL_CONFIG");
  if (!loaded.file.empty()) {
    std::string error;
    if (const auto text = read_small_file(loaded.file, error)) {
      load_toml(*text, loaded.file, loaded);
    } else {
      loaded.errors.push_back(error);
    }
  }
  load_environment(environment, loaded);
  load_command_line(command_line, loaded);
  if (loaded.ok()) check_together(loaded);
  return loaded;
}

std::vector<const Option*> differences(const Config& a, const Config& b) {
  std::vector<const Option*> found;
  for (const Option& option : options()) {
    if (!same(option, a, b)) found.push_back(&option);
  }
  return found;
}

}  // namespace gavel::app
