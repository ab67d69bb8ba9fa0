set(MIO_MACHINE ppc64le)
set(MIO_TRIPLET powerpc64le-linux-gnu)
set(MIO_EMULATOR qemu-ppc64le-static)
include(${CMAKE_CURRENT_LIST_DIR}/linux-gnu.cmake)
