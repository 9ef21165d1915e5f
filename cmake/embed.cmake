# Files that the program carries: the built page, the API description.

# The distribution's Python first: one of another manager lacks the distribution's modules (yaml).
find_program(BL_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(BL_PYTHON NAMES python3 REQUIRED)
set(BL_WEB_DIST "${PROJECT_SOURCE_DIR}/web/dist" CACHE PATH "the built page (index.html and its assets)")

# bl_embed(TARGET NAME FOLDER PREFIX [DEPENDS file ...])
# Every file below FOLDER becomes part of TARGET, under PREFIX + its path. TARGET may then include
# "embedded/NAME.h" and call bl::embedded::NAME() -> std::span<const bl::net::EmbeddedFile>, sorted by path.
# DEPENDS: for a FOLDER that the build itself writes. Each file stands there twice, plain and gzip.
function(bl_embed target name folder prefix)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  set(files ${ARG_DEPENDS})
  if(NOT files)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS "${folder}/*")
    if(NOT files)
      message(FATAL_ERROR "Nothing to embed in ${folder}. Is it built? For the page: ./dev build, or "
                          "'npm ci && npm run build' in web/ (another place: -DBL_WEB_DIST=FOLDER).")
    endif()
  endif()
  set(out "${PROJECT_BINARY_DIR}/generated/embedded")
  add_custom_command(
    OUTPUT "${out}/${name}.h" "${out}/${name}.cc" "${out}/${name}.S"
    COMMAND "${BL_PYTHON}" "${PROJECT_SOURCE_DIR}/cmake/embed.py" --name ${name} --folder "${folder}"
            --prefix "${prefix}" --out "${out}"
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/embed.py"
    COMMENT "embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE "${out}/${name}.cc" "${out}/${name}.S" "${out}/${name}.h")
  target_include_directories(${target} PRIVATE "${PROJECT_BINARY_DIR}/generated")
endfunction()

# bl_openapi(TARGET): merges src/*/openapi*.yaml into one description and embeds it as "embedded/openapi.h":
# /openapi.yaml and /openapi.json (3.1), /openapi-3.0.yaml, /api/docs.json (the legacy dialect, 3.0).
function(bl_openapi target)
  file(GLOB fragments CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*/openapi*.yaml")
  set(out "${PROJECT_BINARY_DIR}/openapi")
  set(files "${out}/openapi.yaml" "${out}/openapi.json" "${out}/openapi-3.0.yaml"
            "${out}/api/docs.json")
  add_custom_command(
    OUTPUT ${files}
    COMMAND "${BL_PYTHON}" "${PROJECT_SOURCE_DIR}/cmake/merge_openapi.py" --version "${PROJECT_VERSION}"
            --out "${out}" ${fragments}
    DEPENDS ${fragments} "${PROJECT_SOURCE_DIR}/cmake/merge_openapi.py"
    COMMENT "merging the API description" VERBATIM)
  bl_embed(${target} openapi "${out}" "/" DEPENDS ${files})
endfunction()
