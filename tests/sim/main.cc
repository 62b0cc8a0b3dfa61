// sim [--seeds N] [--from S]: runs N seeds from S on; prints the first that breaks a promise, and
// exits with 1.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "world.h"

int main(int argc, char** argv) {
  std::uint64_t seeds = 1000;
  std::uint64_t from = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seeds") == 0) {
      seeds = value;
    } else if (std::strcmp(argv[i], "--from") == 0) {
      from = value;
    } else {
      std::fprintf(stderr, "usage: sim [--seeds N] [--from S]\n");
      return 2;
    }
  }
  gavel::sim::Result all;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    try {
      const gavel::sim::Result one = gavel::sim::World(seed).run();
      all.messages += one.messages;
      all.crashes += one.crashes;
      all.resumes += one.resumes;
      all.pages += one.pages;
    } catch (const std::exception& broken) {
      std::printf("seed %llu: %s\nagain with: sim --seeds 1 --from %llu\n",
                  static_cast<unsigned long long>(seed), broken.what(),
                  static_cast<unsigned long long>(seed));
      return 1;
    }
  }
  std::printf(
      "%llu seeds: %llu messages, %llu crashes, %llu resumes, %llu pages read; no promise broken\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(all.messages),
      static_cast<unsigned long long>(all.crashes), static_cast<unsigned long long>(all.resumes),
      static_cast<unsigned long long>(all.pages));
  return 0;
}
