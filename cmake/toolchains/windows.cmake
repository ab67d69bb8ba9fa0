# Windows, by mingw-w64 with its POSIX threads, which programs are linked to statically. The files
# of the machines share this, and set MIO_MACHINE before they include it.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR ${MIO_MACHINE})
set(CMAKE_C_COMPILER ${MIO_MACHINE}-w64-mingw32-gcc-posix)
set(CMAKE_RC_COMPILER ${MIO_MACHINE}-w64-mingw32-windres)
set(CMAKE_FIND_ROOT_PATH /usr/${MIO_MACHINE}-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
