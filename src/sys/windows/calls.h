/*
 * The calls of the system, all of them written MIO__CALL(name), as in sys/unix/calls.h: in the
 * library that is the call itself; a build for tests (MIO_CALL_TABLE) takes each from a table that
 * the test program provides.
 */
#ifndef MIO_CALLS_H
#define MIO_CALLS_H

#include "sys/windows/calls_list.h"

#ifndef MIO_CALL_TABLE

#define MIO__CALL(name) name

#else

#define MIO__CALLS(X)                                                                              \
    MIO__CALLS_OF_SOCKETS(X)                                                                       \
    MIO__CALLS_OF_MESSAGES(X)                                                                      \
    MIO__CALLS_THAT_MOVE(X)                                                                        \
    MIO__CALLS_FOR_SOCKETS(X)                                                                      \
    MIO__CALLS_OF_START(X)                                                                         \
    MIO__CALLS_OF_HANDLES(X)                                                                       \
    MIO__CALLS_OF_TYPES(X)                                                                         \
    MIO__CALLS_FOR_FILES(X)                                                                        \
    MIO__CALLS_OF_ENDS(X) MIO__CALLS_OF_NTDLL(X) MIO__CALLS_OF_FINE_WAITS(X)

struct mio__calls {
#define MIO__MEMBER(result, name, parameters, arguments) result(WINAPI *name) parameters;
    MIO__CALLS(MIO__MEMBER)
#undef MIO__MEMBER
};
extern struct mio__calls mio__calls;

#define MIO__CALL(name) mio__calls.name

#endif

#endif
