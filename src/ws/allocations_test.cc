// Counts the allocations of this test program. In a file of its own, as a compiler that sees both
// sides takes a `free` of what `new` gave for a mistake.
#include <cstddef>
#include <cstdlib>
#include <new>

namespace gavel::ws {

std::size_t allocations = 0;

}  // namespace gavel::ws

void* operator new(std::size_t size) {
  ++gavel::ws::allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
