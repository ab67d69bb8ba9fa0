# Shared by the scripts of this folder.
cmake_minimum_required(VERSION 3.25)
include(${SETTINGS})

set(MIO_HERE ${CMAKE_CURRENT_LIST_DIR})

# Empties and makes the folder of this script; result names the variable that receives it.
function(fresh_folder name result)
    file(REMOVE_RECURSE ${MIO_WORK_DIR}/${name})
    file(MAKE_DIRECTORY ${MIO_WORK_DIR}/${name})
    set(${result} ${MIO_WORK_DIR}/${name} PARENT_SCOPE)
endfunction()

# Runs a command; the test fails with what it printed when it fails.
function(run)
    execute_process(COMMAND ${ARGN}
        RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${output}\nresult ${status} of: ${command}")
    endif()
    set(RUN_OUTPUT "${output}" PARENT_SCOPE)
endfunction()

# Runs a command that has to fail.
function(run_expecting_failure)
    execute_process(COMMAND ${ARGN}
        RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(status EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${output}\nthis should have failed: ${command}")
    endif()
    set(RUN_OUTPUT "${output}" PARENT_SCOPE)
endfunction()

# CMake with the generator, the compiler and the flags of this build; the build tree is build.
function(configure source build)
    set(arguments -S ${source} -B ${build} -G ${MIO_GENERATOR}
        -D CMAKE_BUILD_TYPE=${MIO_CONFIG}
        -D CMAKE_C_COMPILER=${MIO_C_COMPILER}
        -D CMAKE_MAKE_PROGRAM=${MIO_MAKE_PROGRAM}
        "-DCMAKE_C_FLAGS=${MIO_C_FLAGS}"
        "-DCMAKE_EXE_LINKER_FLAGS=${MIO_LINKER_FLAGS}"
        "-DCMAKE_SHARED_LINKER_FLAGS=${MIO_SHARED_LINKER_FLAGS}")
    if(MIO_TOOLCHAIN_FILE)
        list(APPEND arguments -D CMAKE_TOOLCHAIN_FILE=${MIO_TOOLCHAIN_FILE})
    endif()
    run(${CMAKE_COMMAND} ${arguments} ${ARGN})
endfunction()

function(build_tree build)
    set(config)
    if(MIO_CONFIG)
        set(config --config ${MIO_CONFIG})
    endif()
    run(${CMAKE_COMMAND} --build ${build} ${config} ${ARGN})
    set(RUN_OUTPUT "${RUN_OUTPUT}" PARENT_SCOPE)
endfunction()

function(install_tree build prefix)
    set(config)
    if(MIO_CONFIG)
        set(config --config ${MIO_CONFIG})
    endif()
    run(${CMAKE_COMMAND} --install ${build} ${config} --prefix ${prefix})
endfunction()

# The C compiler with the flags of this build.
separate_arguments(MIO_COMPILE NATIVE_COMMAND "${MIO_C_FLAGS} ${MIO_LINKER_FLAGS}")
list(PREPEND MIO_COMPILE ${MIO_C_COMPILER})
if(NOT MIO_NET)
    list(APPEND MIO_COMPILE -DMIO_NO_NET)
endif()

# The library as arguments of a link: the shared one with the path to find it, or the static one.
function(link_arguments file result)
    get_filename_component(folder ${file} DIRECTORY)
    set(${result} ${file} -Wl,-rpath,${folder} PARENT_SCOPE)
endfunction()
