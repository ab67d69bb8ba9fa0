# Shared by the toolchain files for Linux with glibc. They set, before they include this one:
#
#     MIO_MACHINE   the machine, as CMAKE_SYSTEM_PROCESSOR names it
#     MIO_TRIPLET   what the names of the compiler's programs begin with
#     MIO_EMULATOR  what runs its programs, if this machine does not
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${MIO_MACHINE})
set(CMAKE_C_COMPILER ${MIO_TRIPLET}-gcc)
if(MIO_EMULATOR)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${MIO_EMULATOR} -L /usr/${MIO_TRIPLET})
endif()
# Headers and packages of this machine are of no use to the other one.
set(CMAKE_FIND_ROOT_PATH /usr/${MIO_TRIPLET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

