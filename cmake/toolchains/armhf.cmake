set(MIO_MACHINE arm)
set(MIO_TRIPLET arm-linux-gnueabihf)
set(MIO_EMULATOR qemu-arm-static)
include(${CMAKE_CURRENT_LIST_DIR}/linux-gnu.cmake)
