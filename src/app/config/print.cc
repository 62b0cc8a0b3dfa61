#include "app/config/print.h"

#include <algorithm>

#include "app/config/value.h"
#include "base/escape.h"

namespace gavel::app {
namespace {

constexpr std::size_t kColumns = 78;

// `text` as comment lines that end before kColumns.
std::string comment(std::string_view text) {
  std::string out;
  std::string line = "#";
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (line.size() + 1 + word.size() > kColumns) {
      out += line + '\n';
      line = "#";
    }
    line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  }
  return out + line + '\n';
}

std::string meaning(const Option& option) {
  std::string text = std::string(option.help) + '.';
  if (const std::string range = allowed(option); !range.empty() && option.kind != Kind::flag) {
    text += " (" + range + ')';
  }
  return text;
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : '`' + std::string(text) + '`';
}

std::string described(const Origin& origin) {
  return origin.kind == Origin::Kind::built_in ? "built in" : escape_for_log(origin.where);
}

}  // namespace

std::string print_defaults() {
  const Config built_in;
  std::string out =
      "# Configuration of gavel. What stands here as a comment is built in.\n"
      "# Each option is also an environment variable (GAVEL_PING_INTERVAL=5s) and\n"
      "# goes on the command line (--ping-interval 5s), in this order of rising\n"
      "# priority. `gavel config --check FILE` says what is wrong with a file.\n";
  for (const Section& section : sections()) {
    out += "\n# " + std::string(section.title) + "\n[" + std::string(section.name) + "]\n";
    for (const Option& option : options()) {
      if (option.section != section.name) continue;
      out += '\n' + comment(meaning(option)) + '#' + std::string(option.key) + " = " +
             format_toml(option, built_in) + '\n';
    }
  }
  return out;
}

std::string print_reference() {
  const Config built_in;
  std::string out;
  for (const Section& section : sections()) {
    out += "### `[" + std::string(section.name) + "]` " + std::string(section.title) + "\n\n";
    out += "| key | option | default | allowed | reload | meaning |\n|---|---|---|---|---|---|\n";
    for (const Option& option : options()) {
      if (option.section != section.name) continue;
      out += "| " + code(option.key) + " | " + code("--" + std::string(option.name)) + " | " +
             code(format(option, built_in)) + " | " + cell(allowed(option)) + " | " +
             (option.reload ? "yes" : "") + " | " + cell(option.help) + ". |\n";
    }
    out += '\n';
  }
  return out;
}

std::string print_effective(const Loaded& loaded) {
  std::string out;
  const auto table = options();
  for (const Section& section : sections()) {
    if (!out.empty()) out += '\n';
    out += '[' + std::string(section.name) + "]\n";
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table[i].section != section.name) continue;
      std::string line = std::string(table[i].key) + " = " + format_toml(table[i], loaded.config);
      constexpr std::size_t kOriginColumn = 44;
      line.resize(std::max(line.size() + 1, kOriginColumn), ' ');
      out += line + "# " + described(loaded.origins[i]) + '\n';
    }
  }
  return out;
}

}  // namespace gavel::app
