# x86-64 runs its programs as they are (an emulator takes minutes for what takes seconds); they only
# have to know where the libraries of the other machine are. env stands in the place of an emulator.
set(MIO_MACHINE i686)
set(MIO_TRIPLET i686-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/linux-gnu.cmake)
set(CMAKE_CROSSCOMPILING_EMULATOR env)
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-Wl,--dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2,-rpath,/usr/i686-linux-gnu/lib")
