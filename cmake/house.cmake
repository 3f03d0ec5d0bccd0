# Compiler flags live on one INTERFACE target; libraries we use are found once, here.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_library(LDAP_LIBRARY ldap REQUIRED)
find_library(LBER_LIBRARY lber REQUIRED)
find_library(CARES_LIBRARY cares REQUIRED)
find_library(KRB5_LIBRARY krb5 REQUIRED)
find_library(K5CRYPTO_LIBRARY k5crypto REQUIRED)  # tests make keytabs
find_library(GSSAPI_LIBRARY gssapi_krb5 REQUIRED)
find_library(ARGON2_LIBRARY argon2 REQUIRED)
find_library(UNISTRING_LIBRARY unistring REQUIRED)
find_library(IDN2_LIBRARY idn2 REQUIRED)

add_library(wb_options INTERFACE)
target_include_directories(wb_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(wb_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
  WB_VERSION="${PROJECT_VERSION}" $<$<BOOL:${WB_FAILPOINTS}>:WB_FAILPOINTS>)
target_compile_options(wb_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
  $<$<BOOL:${WB_WERROR}>:-Werror>
  # g++ 12 sees an uninitialised value in boost::system::result<void> where there is none, and once it has inlined
  # them, takes Asio's own operator new and delete of a coroutine frame for a mismatched pair
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-mismatched-new-delete -fcoroutines>
  # and it takes a file that is compiled together with others for a header, in which an unnamed namespace is a mistake
  $<$<AND:$<BOOL:${WB_UNITY}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>)
if(WB_SANITIZE)
  target_compile_options(wb_options INTERFACE -fsanitize=${WB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer ${WB_SANITIZE_OPT})
  target_link_options(wb_options INTERFACE -fsanitize=${WB_SANITIZE})
  if(WB_SANITIZE MATCHES address)
    target_link_options(wb_options INTERFACE -no-pie)  # a sanitized program has 24 MB of relocations: tests start thousands of them
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(wb_options INTERFACE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
    -fPIE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
  target_link_options(wb_options INTERFACE -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(wb_options INTERFACE -fuse-ld=lld-16)
endif()

# wb_precompiled(TARGET HEADER OWNER): OWNER, the first target built so, compiles HEADER; the others share it. Not `core`: it has macros of
# spdlog's that others have not. The product's files not where WB_PRECOMPILED is "tests".
function(wb_precompiled target header owner)
  if(NOT WB_PRECOMPILED OR target STREQUAL "core" OR (WB_PRECOMPILED STREQUAL "tests" AND header STREQUAL "precompiled.hpp"))
    return()
  elseif(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${header})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# Where WB_UNITY says so, its files are compiled six at a time.
function(wb_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${WB_UNITY} UNITY_BUILD_BATCH_SIZE 6)
endfunction()

# wb_module(NAME FILES...): one room of the house as a static library.
function(wb_module name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC wb_options)
  wb_together(${name})
  wb_precompiled(${name} precompiled.hpp protocol)
endfunction()

# wb_embedded_messages(TARGET FOLDER): the message catalogues FOLDER/*.json become part of TARGET.
function(wb_embedded_messages target folder)
  file(GLOB catalogues CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.json)
  set(out ${PROJECT_BINARY_DIR}/embedded_messages.cpp)
  add_custom_command(OUTPUT ${out} DEPENDS ${catalogues} ${PROJECT_SOURCE_DIR}/cmake/embed_messages.cmake
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_SOURCE_DIR}/${folder} -DOUT=${out} -P ${PROJECT_SOURCE_DIR}/cmake/embed_messages.cmake)
  target_sources(${target} PRIVATE ${out})
endfunction()

# wb_portal(): the pages, by npm and Vite; again only when something of theirs has changed. node_modules is the source tree's own, for all builds.
function(wb_portal)
  find_program(NPM npm REQUIRED)
  set(source ${PROJECT_SOURCE_DIR}/portal)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${source}/src/* ${source}/seal/*.mjs ${source}/seal/*.mts)
  file(GLOB pages CONFIGURE_DEPENDS ${source}/*.html)
  set(modules ${source}/node_modules/.package-lock.json)
  set(out ${PROJECT_BINARY_DIR}/portal)
  add_custom_command(OUTPUT ${modules} DEPENDS ${source}/package.json ${source}/package-lock.json WORKING_DIRECTORY ${source}
    COMMAND ${NPM} ci --no-audit --no-fund --silent COMMAND ${CMAKE_COMMAND} -E touch ${modules})
  add_custom_command(OUTPUT ${out}/index.html DEPENDS ${modules} ${files} ${pages} ${source}/vite.config.ts ${source}/page_html.ts ${source}/tsconfig.json WORKING_DIRECTORY ${source}
    COMMAND ${NPM} run --silent check COMMAND ${NPM} run --silent build -- --outDir ${out} --logLevel warn)
  add_custom_target(portal ALL DEPENDS ${out}/index.html)
endfunction()

# wb_embedded_text(TARGET FILE FUNCTION): `std::string_view wb::TARGET::FUNCTION()` is the text of FILE.
function(wb_embedded_text target file function)
  set(out ${PROJECT_BINARY_DIR}/embedded_${function}.cpp)
  add_custom_command(OUTPUT ${out} DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake
    COMMAND ${CMAKE_COMMAND} -DFILE=${PROJECT_SOURCE_DIR}/${file} -DNAMESPACE=${target} -DFUNCTION=${function} -DOUT=${out} -P ${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake)
  target_sources(${target} PRIVATE ${out})
endfunction()

function(wb_test_code name)
  wb_precompiled(${name} precompiled_tests.hpp test_certificates)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -O0)  # half the time of g++; what is tested stays optimised
  endif()
endfunction()

# wb_test(NAME LABEL "FILES" LIBS...): one gtest program. LABEL: unit | link | integration | faults | unsanitized.
# THREADS: a unit test program that starts threads; ThreadSanitizer has nothing to say of the others, and they are not built for it.
# Integration and fault programs run inside the lab they need, named by LAB (ad, ad2, forest, ad417, slapd, ds389 or none).
foreach(label unit link integration faults unsanitized)
  add_custom_target(tests_${label})  # all programs of a label: builds that run only some need not make the others
endforeach()
function(wb_test name label files)
  cmake_parse_arguments(T "THREADS" "LAB;TIMEOUT" "" ${ARGN})
  if(WB_SANITIZE STREQUAL "thread" AND label STREQUAL "unit" AND NOT T_THREADS)
    return()
  endif()
  add_executable(${name} ${files})
  target_compile_definitions(${name} PRIVATE WB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${T_UNPARSED_ARGUMENTS} GTest::gmock GTest::gtest_main)
  wb_together(${name})
  wb_test_code(${name})
  set(lab "")
  if(T_LAB STREQUAL "ad")
    set(lab ${PROJECT_SOURCE_DIR}/tests/support/ad/ad-lab run)
  elseif(T_LAB STREQUAL "ad2")
    set(lab ${PROJECT_SOURCE_DIR}/tests/support/ad/ad-lab run -2)
  elseif(T_LAB STREQUAL "forest")
    set(lab ${PROJECT_SOURCE_DIR}/tests/support/ad/ad-lab run --forest)
  elseif(T_LAB STREQUAL "ad417")
    set(lab ${PROJECT_SOURCE_DIR}/tests/support/ad/ad-lab run --samba 4.17)
  elseif(T_LAB STREQUAL "ds389")
    set(lab ${PROJECT_SOURCE_DIR}/tests/support/389ds/ds-lab run)
  elseif(T_LAB STREQUAL "slapd")
    set(lab ${PROJECT_SOURCE_DIR}/tests/support/slapd/slapd-lab run)
  endif()
  add_test(NAME ${name} COMMAND ${lab} $<TARGET_FILE:${name}>)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 240)  # a hang, not a judgement: two builds may share two cores
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${T_TIMEOUT})
  add_dependencies(tests_${label} ${name})
endfunction()

# wb_world(NAME LIB FILES...): what several test programs stand on.
function(wb_world name lib)
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${ARGN})
  target_link_libraries(${name} PUBLIC ${lib} GTest::gmock GTest::gtest)
  wb_test_code(${name})
endfunction()

# wb_fuzz(NAME FILE LIBS...): the fuzz target fuzz_NAME, with libFuzzer where WB_FUZZ is set, else as a test over its corpus.
add_custom_target(fuzz)
function(wb_fuzz name file)
  add_executable(fuzz_${name} ${file})
  target_link_libraries(fuzz_${name} PRIVATE fuzz_entry ${ARGN})
  add_dependencies(fuzz fuzz_${name})
  if(WB_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  target_link_libraries(fuzz_${name} PRIVATE fuzz_replay)
  add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS unit TIMEOUT 60)
  add_dependencies(tests_unit fuzz_${name})
endfunction()
