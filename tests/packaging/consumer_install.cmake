# Installs the build tree and moves what was installed, so that nothing which remembers the first
# place works by accident. Sets prefix.
function(install_and_move folder)
    install_tree(${MIO_BUILD_DIR} ${folder}/first)
    file(RENAME ${folder}/first ${folder}/moved)
    file(GLOB_RECURSE files RELATIVE ${folder}/moved ${folder}/moved/*)
    foreach(pattern "include/mio[.]h" "share/doc/mio/LICENSE" ".*/pkgconfig/mio[.]pc"
            ".*/cmake/mio/mio-config[.]cmake" ".*/cmake/mio/mio-config-version[.]cmake")
        set(found ${files})
        list(FILTER found INCLUDE REGEX "^${pattern}$")
        list(LENGTH found count)
        if(NOT count EQUAL 1)
            message(FATAL_ERROR "${count} installed files match ${pattern} in: ${files}")
        endif()
    endforeach()
    set(prefix ${folder}/moved PARENT_SCOPE)
endfunction()
