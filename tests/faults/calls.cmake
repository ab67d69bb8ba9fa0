# faults.calls: every system call of the library goes through the table, and the table has no other.
# Calls of the shipped library that the one with the table does not make go through the table; calls
# of both must be harmless. Calls that bypass libc are found by their numbers in the source. Of a
# library that is built for tests alone (no SHIPPED) the first half is checked. Functions that are
# looked up at run time are linked to nobody: those of ntdll, which return an NTSTATUS.
if(NOT NM)
    message(STATUS "faults: skipped, there is no nm")
    return()
endif()

# Functions of libc that ask the system nothing, or nothing that can fail.
set(HARMLESS
    calloc free getpid htonl htons inet_ntop inet_pton memchr memcmp memcpy memmove memset ntohl
    ntohs pthread_mutex_destroy pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock
    pthread_self pthread_setcancelstate sigaddset sigemptyset sigismember strchr strcspn strlen
    strncmp strnlen syscall)

# Those of Windows: clocks, locks, the error of the thread, the form of a text, a pause.
set(HARMLESS_OF_WINDOWS
    AcquireSRWLockExclusive GetLastError InitOnceExecuteOnce InitializeSRWLock
    MultiByteToWideChar QueryPerformanceCounter QueryPerformanceFrequency ReleaseSRWLockExclusive
    SetLastError Sleep WSAGetLastError)
if(SYSTEM_DIR MATCHES "/windows$")
    list(APPEND HARMLESS ${HARMLESS_OF_WINDOWS})
    set(lists ${SYSTEM_DIR}/calls_list.h)
else()
    set(lists ${SOURCE_DIR}/src/sys/unix/calls_list.h ${SYSTEM_DIR}/system_calls.h)
endif()

# The functions of others that a library calls, without the decoration of libc.
function(read_calls file result)
    execute_process(COMMAND ${NM} -u ${file} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "[Uw] [A-Za-z_0-9]+" lines "${text}")
    set(names)
    foreach(line ${lines})
        string(SUBSTRING ${line} 2 -1 name)
        string(REGEX REPLACE "^__(.*)_chk$" "\\1" name ${name})
        string(REGEX REPLACE "^__imp_" "" name ${name}) # of a DLL
        string(REGEX REPLACE "^(fcntl|fstat)64$" "\\1" name ${name}) # by _FILE_OFFSET_BITS
        if(NOT name MATCHES "^(mio_|_|simulated_)")
            list(APPEND names ${name})
        endif()
    endforeach()
    list(REMOVE_DUPLICATES names)
    list(SORT names)
    set(${result} ${names} PARENT_SCOPE)
endfunction()

read_calls(${TABLE} around)
set(past ${around})
list(REMOVE_ITEM past ${HARMLESS})
if(past)
    message(FATAL_ERROR "these calls do not go through the table: ${past}")
endif()
if(NOT SHIPPED)
    message(STATUS "all calls go through the table")
    return()
endif()

read_calls(${SHIPPED} through)
list(REMOVE_ITEM through ${around} ${HARMLESS} syscall) # the table has that one apart, by numbers

set(text)
foreach(file IN LISTS lists)
    file(READ ${file} text_of_system)
    string(APPEND text "${text_of_system}")
endforeach()
string(REGEX MATCHALL "X\\((int|ssize_t|BOOL|DWORD|FARPROC|HANDLE|HMODULE|SOCKET), [A-Za-z_0-9]+,"
    entries "${text}")
set(listed)
foreach(entry ${entries})
    string(REGEX REPLACE "^.*, (.*),$" "\\1" name ${entry})
    list(APPEND listed ${name})
endforeach()
list(SORT listed)
set(unlisted ${through})
list(REMOVE_ITEM unlisted ${listed})
# A build without sockets or with one backend alone makes some of the calls only.
if(unlisted OR (WHOLE AND NOT "${through}" STREQUAL "${listed}"))
    message(FATAL_ERROR "the library calls\n    ${through}\nbut the list has\n    ${listed}")
endif()

# Numbers of calls that bypass libc: those of the source, and those that the plans can name.
file(GLOB files ${SOURCE_DIR}/src/sys/unix/*.c ${SYSTEM_DIR}/*.c ${SYSTEM_DIR}/*.h)
set(numbers)
foreach(file ${files})
    file(READ ${file} text)
    string(REGEX MATCHALL "mio__syscall[46]\\(SYS_[a-z_0-9]+" calls "${text}")
    foreach(call ${calls})
        string(REGEX REPLACE ".*SYS_" "" number ${call})
        list(APPEND numbers ${number})
    endforeach()
endforeach()
list(REMOVE_DUPLICATES numbers)
foreach(number ${numbers})
    if(NOT text_of_system MATCHES "X\\(${number}\\)")
        message(FATAL_ERROR "system_calls.h does not know the call ${number}")
    endif()
endforeach()
list(LENGTH listed count)
message(STATUS "${count} calls through libc, past it: ${numbers}")
