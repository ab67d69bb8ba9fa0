# The contestant rust-mio: a crate that cargo builds as a static library. It needs the Rust
# toolchain, and the network when it is configured for the first time.

find_program(BENCH_CARGO cargo)
set(BENCH_CRATE ${CMAKE_CURRENT_SOURCE_DIR}/contestants/rust)
set(BENCH_CRATE_BUILD ${CMAKE_CURRENT_BINARY_DIR}/rust)

# bench_fetch_crates(FETCHED): whether the crates of Cargo.lock are there. Asks cargo for them
# once, and again when the file has changed.
function(bench_fetch_crates fetched)
    file(SHA256 ${BENCH_CRATE}/Cargo.lock hash)
    set(stamp ${BENCH_CRATE_BUILD}/fetched-${hash})
    if(NOT EXISTS ${stamp})
        message(STATUS "bench: fetching the crate mio")
        execute_process(
            COMMAND ${BENCH_CARGO} fetch --quiet --locked
            WORKING_DIRECTORY ${BENCH_CRATE}
            TIMEOUT 120
            RESULT_VARIABLE result)
        if(result EQUAL 0)
            file(MAKE_DIRECTORY ${BENCH_CRATE_BUILD})
            file(TOUCH ${stamp})
        endif()
    endif()
    if(EXISTS ${stamp})
        set(${fetched} TRUE PARENT_SCOPE)
    else()
        set(${fetched} FALSE PARENT_SCOPE)
    endif()
endfunction()

function(bench_add_crate library)
    set(sources Cargo.toml Cargo.lock build.rs
        src/event_loop.rs src/harness.rs src/lib.rs src/server.rs)
    list(TRANSFORM sources PREPEND ${BENCH_CRATE}/)
    add_custom_command(
        OUTPUT ${library}
        COMMAND ${BENCH_CARGO} build --release --locked --offline
                --target-dir ${BENCH_CRATE_BUILD}
        # cargo leaves the library alone when a change makes no difference to it.
        COMMAND ${CMAKE_COMMAND} -E touch ${library}
        WORKING_DIRECTORY ${BENCH_CRATE}
        DEPENDS ${sources}
        COMMENT "Building the crate of rust-mio"
        VERBATIM)
    add_custom_target(bench_crate DEPENDS ${library})
endfunction()

# bench_cargo_is_new(NEW): whether it is as new as the crate demands (rust-version).
function(bench_cargo_is_new new)
    file(STRINGS ${BENCH_CRATE}/Cargo.toml needed REGEX "^rust-version")
    string(REGEX MATCH "[0-9.]+" needed "${needed}")
    execute_process(COMMAND ${BENCH_CARGO} --version OUTPUT_VARIABLE text ERROR_QUIET)
    string(REGEX MATCH "[0-9]+[.][0-9.]+" version "${text}")
    if(version VERSION_GREATER_EQUAL needed)
        set(${new} TRUE PARENT_SCOPE)
    endif()
endfunction()

if(BENCH_CARGO)
    bench_cargo_is_new(BENCH_CARGO_IS_NEW)
endif()
if(BENCH_CARGO_IS_NEW)
    bench_fetch_crates(BENCH_CRATES_FETCHED)
endif()
if(NOT BENCH_CARGO)
    mio_skip_contestant(rust-mio "cargo is not installed")
elseif(NOT BENCH_CARGO_IS_NEW)
    mio_skip_contestant(rust-mio "cargo is older than the crate demands")
elseif(NOT BENCH_CRATES_FETCHED)
    mio_skip_contestant(rust-mio "the crate could not be fetched")
else()
    set(BENCH_CRATE_LIBRARY ${BENCH_CRATE_BUILD}/release/librust_mio.a)
    bench_add_crate(${BENCH_CRATE_LIBRARY})
    mio_add_contestant(rust-mio)
    add_dependencies(bench_rust-mio bench_crate)
    # There is no source file that would tell the language. The libraries behind the crate are
    # those that Rust's standard library asks for.
    set_target_properties(bench_rust-mio PROPERTIES
        LINKER_LANGUAGE C LINK_DEPENDS ${BENCH_CRATE_LIBRARY})
    target_link_libraries(bench_rust-mio PRIVATE
        ${BENCH_CRATE_LIBRARY} gcc_s util rt m ${CMAKE_DL_LIBS})
endif()
