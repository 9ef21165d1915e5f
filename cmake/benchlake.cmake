# Flags, and the few functions with which every folder describes itself.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

option(BL_FUZZ "build the fuzzers (clang)" OFF)
set(BL_COVERAGE "" CACHE STRING "instrument for gcov: ON, or folders of src/, for example events;lake/delta")
option(BL_WERROR "warnings are errors" ON)
set(BL_SANITIZE "" CACHE STRING "sanitizers, for example address,undefined")

find_program(BL_CCACHE ccache)
if(BL_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${BL_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${BL_CCACHE}")
endif()
find_program(BL_MOLD mold)
if(BL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# -g1: line tables are enough for a backtrace, and halve the objects.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers
                    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wshadow=local>
                    # libstdc++ 12 says std::stable_sort in deprecated words
                    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>
                    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(BL_WERROR)
  add_compile_options(-Werror)
endif()
if(BL_SANITIZE)
  # What these three find, a crash or ASan finds as well; they are a quarter of the time that a build takes.
  if(BL_SANITIZE MATCHES undefined)
    add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fno-sanitize=vptr,null,object-size>)
  endif()
  # Instrumented code hides from gcc 12 what was initialized; the plain builds keep the warning.
  add_compile_options(-fsanitize=${BL_SANITIZE} -fno-sanitize-recover=all
                      $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${BL_SANITIZE})
  if(BL_SANITIZE MATCHES thread)
    # TSan does not know fences; without them, Asio's own mutexes order what its handlers see.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(BL_COVERAGE)
  add_link_options(--coverage)
  if(BL_COVERAGE STREQUAL "ON")
    add_compile_options(--coverage)
  endif()
endif()
if(BL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# A test's own code is not what is measured: optimizing it less makes it compile in half to three quarters of the time.
if(BL_SANITIZE)
  set(BL_TEST_OPTIONS -O0)
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  set(BL_TEST_OPTIONS -O1)
endif()

# The standard headers that nearly every file uses, compiled once; for tests again, with their options.
file(WRITE "${PROJECT_BINARY_DIR}/pch.cc" "")
foreach(name IN ITEMS bl_pch bl_test_pch)
  add_library(${name} OBJECT "${PROJECT_BINARY_DIR}/pch.cc")
  target_precompile_headers(${name} PRIVATE
    <algorithm> <atomic> <chrono> <condition_variable> <cstdint> <functional> <map> <memory> <mutex>
    <optional> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
endforeach()
target_compile_options(bl_test_pch PRIVATE ${BL_TEST_OPTIONS})

# Sources of the folders that BL_COVERAGE names are instrumented, and the others are the plain build's: ccache has them.
# Their flags differ from those of the precompiled header, which gcc then passes over.
function(bl_instrument)
  foreach(source IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE path)
    foreach(folder IN LISTS BL_COVERAGE)
      if(path MATCHES "/src/${folder}/")
        set_source_files_properties("${source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS
          "--coverage;-O1;-include;${PROJECT_BINARY_DIR}/CMakeFiles/bl_pch.dir/cmake_pch.hxx")
      endif()
    endforeach()
  endforeach()
endfunction()

# bl_library(NAME SOURCES a.cc ... [USES bl_base ...] [LINKS third::party ...])
# One folder of src/ = one library `bl_NAME`. USES are folders of ours (public), LINKS are private third parties.
function(bl_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_library(bl_${name} STATIC ${ARG_SOURCES})
  bl_instrument(${ARG_SOURCES})
  target_include_directories(bl_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(bl_${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_LINKS})
  target_precompile_headers(bl_${name} REUSE_FROM bl_pch)
endfunction()

# Everything that the sanitizer builds test, and every fuzzer: what ./dev asan and tsan build.
add_custom_target(unit_tests)
add_custom_target(fuzzers)
# The tests that stand in src/, also those that kill: what ./dev coverage builds. Of one folder: tests_of_FOLDER,
# which is their label, too.
add_custom_target(source_tests)

# bl_test(NAME SOURCES a_test.cc ... USES bl_x ... [LINKS ...] [LABEL unit|api|crash|tidy])
# One test program, registered with ctest as a whole; it finds the shared data through BENCHLAKE_SHARED.
set(BL_SHARED_DEFAULT "${PROJECT_SOURCE_DIR}/../shared")
function(bl_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;USES;LINKS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS} GTest::gmock GTest::gtest_main rapidcheck
                        rapidcheck_gtest)
  target_compile_options(${name} PRIVATE ${BL_TEST_OPTIONS})
  target_precompile_headers(${name} REUSE_FROM bl_test_pch)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(ARG_LABEL STREQUAL "unit")
    add_dependencies(unit_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set(labels ${ARG_LABEL})
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/src/([a-z_]+)")
    set(of "tests_of_${CMAKE_MATCH_1}")
    if(NOT TARGET ${of})
      add_custom_target(${of})
      add_dependencies(source_tests ${of})
    endif()
    add_dependencies(${of} ${name})
    list(APPEND labels ${of})
  endif()
  set(shared "$ENV{BENCHLAKE_SHARED}")
  if(NOT shared)
    set(shared "${BL_SHARED_DEFAULT}")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 600
    ENVIRONMENT "BENCHLAKE_SHARED=${shared};BL_TEST_SOURCE=${PROJECT_SOURCE_DIR};BL_TEST_BINARY=${PROJECT_BINARY_DIR}/benchlake")
endfunction()

# The same test program once more, over a real PostgreSQL where it would have used SQLite.
function(bl_test_on_postgres name)
  add_test(NAME ${name}_postgres COMMAND ${name})
  foreach(property LABELS TIMEOUT ENVIRONMENT)
    get_test_property(${name} ${property} value)
    set_tests_properties(${name}_postgres PROPERTIES ${property} "${value}")
  endforeach()
  set_property(TEST ${name}_postgres APPEND PROPERTY ENVIRONMENT "BL_TEST_STORE=postgres")
endfunction()

# bl_fuzzer(NAME SOURCES fuzz_x.cc USES bl_x): built with clang only (preset asan), into fuzz/; its seeds, if any,
# lie beside it in corpus/NAME/.
function(bl_fuzzer name)
  if(NOT BL_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  add_dependencies(fuzzers ${name})
endfunction()

# bl_benchmark(NAME SOURCES x_bench.cc USES bl_x): micro-benchmarks (Google Benchmark), into bench/.
function(bl_benchmark name)
  if(BL_SANITIZE)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS} benchmark::benchmark)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endfunction()
