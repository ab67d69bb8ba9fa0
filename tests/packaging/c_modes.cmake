# packaging.c_modes: the header alone, and two files that include it linked into one program, in
# every language mode and with and without optimisation. With GNU's old meaning of inline the
# functions of the header are static; that mode has to work without the exported ones.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
fresh_folder(c_modes folder)

set(warnings -Wall -Wextra -Wconversion -Wshadow -Werror)
set(libraries)
foreach(file ${MIO_SHARED_FILE} ${MIO_STATIC_FILE})
    list(APPEND libraries ${file})
endforeach()
set(defines "-UMIO_NO_NET")
if(NOT MIO_NET)
    set(defines)
endif()
list(APPEND defines "-DMIO_NO_NET")

file(WRITE ${folder}/alone.c "#include <mio.h>\n")
set(count 0)
foreach(mode "-std=c11 -pedantic-errors" "-std=c17 -pedantic-errors" "-std=gnu11"
        "-std=gnu11 -fgnu89-inline" "-std=gnu99 -fgnu89-inline")
    separate_arguments(flags UNIX_COMMAND "${mode}")
    foreach(define IN LISTS defines)
        foreach(optimise -O0 -O2)
            set(compile ${MIO_COMPILE} ${flags} ${define} ${optimise} ${warnings}
                -I ${MIO_SOURCE_DIR}/include)
            run(${compile} -c ${folder}/alone.c -o ${folder}/alone.o)
            run(${compile} -c ${MIO_HERE}/c_modes/first.c -o ${folder}/first.o)
            run(${compile} -c ${MIO_HERE}/c_modes/second.c -o ${folder}/second.o)
            foreach(library IN LISTS libraries)
                link_arguments(${library} link)
                run(${compile} ${folder}/first.o ${folder}/second.o ${folder}/alone.o ${link}
                    -o ${folder}/program)
                run(${folder}/program)
                math(EXPR count "${count} + 1")
            endforeach()
        endforeach()
    endforeach()
endforeach()
message(STATUS "${count} programs built and run")
