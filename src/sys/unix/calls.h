/*
 * The system calls of this folder and its neighbours, all of them written MIO__CALL(name). In the
 * library that is the call itself. A build for tests (MIO_CALL_TABLE) takes each from a table that
 * the test program provides: there the third close can fail, or a whole system can stand behind it.
 * A test compares the lists with what the library really calls.
 */
#ifndef MIO_CALLS_H
#define MIO_CALLS_H

#ifndef MIO_CALL_TABLE

#define MIO__CALL(name) name

#else

#include "sys/unix/calls_list.h"
#include "system_calls.h"

#define MIO__CALLS(X)                                                                              \
    MIO__CALLS_OF_UNIX(X)                                                                          \
    MIO__CALLS_OF_SYSTEM(X) MIO__CALLS_THAT_MOVE(X) MIO__CALLS_OF_THREADS(X)

struct mio__calls {
#ifdef MIO__CALLS_PAST_LIBC
    /* Stands for the calls that bypass libc: its result is a value or -errno. */
    long (*syscall)(long number, long a, long b, long c, long d, long e, long f);
#endif
#define MIO__MEMBER(result, name, parameters, arguments) result(*name) parameters;
    MIO__CALLS(MIO__MEMBER)
#undef MIO__MEMBER
};
extern struct mio__calls mio__calls;

#define MIO__CALL(name) mio__calls.name

#endif

#endif
