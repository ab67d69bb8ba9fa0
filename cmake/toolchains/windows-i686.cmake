set(MIO_MACHINE i686)
include(${CMAKE_CURRENT_LIST_DIR}/windows.cmake)
