# A real PostgreSQL; its connection string stands in ${KH_POSTGRES_ADDRESS}. A test that needs it: kh_needs_postgres(NAME).
# Each test makes a schema of its own.
set(KH_POSTGRES_FOLDER ${PROJECT_BINARY_DIR}/integration/postgres)
set(KH_POSTGRES_ADDRESS ${KH_POSTGRES_FOLDER}/address CACHE INTERNAL "For kh_needs_postgres")
add_test(NAME postgres_start COMMAND ${PROJECT_SOURCE_DIR}/tests/support/postgres.sh start ${KH_POSTGRES_FOLDER})
add_test(NAME postgres_stop COMMAND ${PROJECT_SOURCE_DIR}/tests/support/postgres.sh stop ${KH_POSTGRES_FOLDER})
set_tests_properties(postgres_start PROPERTIES FIXTURES_SETUP postgres LABELS servers TIMEOUT 120)
set_tests_properties(postgres_stop PROPERTIES FIXTURES_CLEANUP postgres LABELS servers TIMEOUT 120)

function(kh_needs_postgres name)
    set_property(TEST ${name} APPEND PROPERTY FIXTURES_REQUIRED postgres)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT KH_POSTGRES_ADDRESS=${KH_POSTGRES_ADDRESS})
    set_tests_properties(${name} PROPERTIES LABELS servers TIMEOUT 300)
endfunction()

add_library(postgres_fixture STATIC postgres_fixture.c)
target_include_directories(postgres_fixture PRIVATE ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(postgres_fixture PUBLIC kh_options kh_postgres kh_core PkgConfig::LIBPQ PkgConfig::CMOCKA)

foreach(part backlog database schema lanes transaction transaction_faults rules catalog)
    kh_add_test(NAME postgres_live_${part} SOURCES test_postgres_${part}.c LIBRARIES postgres_fixture)
    kh_needs_postgres(postgres_live_${part})
endforeach()

add_executable(postgres_bench postgres_bench.c)
target_link_libraries(postgres_bench PRIVATE kh_postgres kh_core)
target_include_directories(postgres_bench PRIVATE ${PROJECT_SOURCE_DIR}/tests)
