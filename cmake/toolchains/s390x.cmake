# Big endian.
set(MIO_MACHINE s390x)
set(MIO_TRIPLET s390x-linux-gnu)
set(MIO_EMULATOR qemu-s390x-static)
include(${CMAKE_CURRENT_LIST_DIR}/linux-gnu.cmake)
