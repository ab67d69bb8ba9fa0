set(MIO_MACHINE riscv64)
set(MIO_TRIPLET riscv64-linux-gnu)
set(MIO_EMULATOR qemu-riscv64-static)
include(${CMAKE_CURRENT_LIST_DIR}/linux-gnu.cmake)
