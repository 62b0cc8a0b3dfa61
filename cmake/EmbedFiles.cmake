# Text files inside the binary: as raw strings in a .cc file that is made anew when one of them changes.

# gavel_embed_files(TARGET FUNCTION ROOT dir FILES path…)
# Adds to TARGET a source that defines `std::span<const File> FUNCTION()` (admin/embedded.h); paths are below ROOT.
function(gavel_embed_files target function)
  cmake_parse_arguments(arg "" "ROOT" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cc)
  set(absolute ${arg_FILES})
  list(TRANSFORM absolute PREPEND ${arg_ROOT}/)
  string(REPLACE ";" "," names "${arg_FILES}")
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DROOT=${arg_ROOT} -DFILES=${names} -DOUT=${out} -DFUNCTION=${function}
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${absolute} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
