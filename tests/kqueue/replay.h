/* The steps of the table (replay.c) that act on descriptors (replay_acts.c). */
#ifndef MIO_REPLAY_H
#define MIO_REPLAY_H

#include <stdbool.h>

enum { REPLAY_WORDS = 12 };

/* Ends the part as failed. */
__attribute__((noreturn, format(printf, 1, 2))) void replay_fail(const char *format, ...);

/* The descriptor of a name; -1 for "none". The names are those that steps have given. */
int replay_fd(const char *name);
void replay_close_all(void);

/* An error by its name, or a number. */
int replay_error(const char *name);

/* Does what a step says, if it is one of these. result: the word after "=", NULL if there is none.
 */
bool replay_act(char *const *words, const char *result);

#endif
