set(MIO_MACHINE aarch64)
set(MIO_TRIPLET aarch64-linux-gnu)
set(MIO_EMULATOR qemu-aarch64-static)
include(${CMAKE_CURRENT_LIST_DIR}/linux-gnu.cmake)
