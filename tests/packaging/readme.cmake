# packaging.readme: the quickstart of README.md is examples/quickstart.c, and the change log has an
# entry for the version of the header. To copy the example into README.md, from the root:
#
#     cmake -D UPDATE=ON -P tests/packaging/readme.cmake
if(UPDATE)
    set(MIO_SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR}/../..)
else()
    include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)
endif()
file(READ ${MIO_SOURCE_DIR}/README.md readme)
file(READ ${MIO_SOURCE_DIR}/examples/quickstart.c example)

set(before "<!-- quickstart: examples/quickstart.c -->\n```c\n")
set(after "```\n<!-- end of quickstart -->\n")
string(FIND "${readme}" "${before}" begin)
string(FIND "${readme}" "${after}" end)
if(begin EQUAL -1 OR end LESS begin)
    message(FATAL_ERROR "README.md: the marks of the quickstart are not there")
endif()
string(LENGTH "${before}" length)
math(EXPR begin "${begin} + ${length}")
math(EXPR length "${end} - ${begin}")

if(UPDATE)
    string(SUBSTRING "${readme}" 0 ${begin} head)
    string(SUBSTRING "${readme}" ${end} -1 tail)
    file(WRITE ${MIO_SOURCE_DIR}/README.md "${head}${example}${tail}")
    return()
endif()

string(SUBSTRING "${readme}" ${begin} ${length} block)
if(NOT block STREQUAL example)
    message(FATAL_ERROR "README.md: the quickstart differs from examples/quickstart.c; to copy it: "
        "cmake -D UPDATE=ON -P tests/packaging/readme.cmake")
endif()

file(READ ${MIO_SOURCE_DIR}/CHANGELOG.md changes)
string(FIND "${changes}" "\n## ${MIO_VERSION} " entry)
if(entry EQUAL -1)
    message(FATAL_ERROR "CHANGELOG.md: no entry for ${MIO_VERSION}")
endif()
