/*
 * A filter of system calls like that of Android: programs that link filter.c begin under it, and so
 * do the programs that they execute.
 *
 * A call that is forbidden raises SIGSYS. The program says which call it was, and dies of the
 * signal.
 */
#ifndef MIO_ANDROID_FILTER_H
#define MIO_ANDROID_FILTER_H

enum android_answer { ANSWER_KILL, ANSWER_ENOSYS };

struct android_call {
    int number;
    const char *name;
    enum android_answer answer;
};

/* forbidden.txt. The last row stands for its number and all above. */
extern const struct android_call android_calls[];
extern const int android_call_count;

#endif
