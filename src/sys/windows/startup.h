/* Winsock wants to be started before it is used. */
#ifndef MIO_STARTUP_H
#define MIO_STARTUP_H

/* Starts it once in the process, for good: 0 or a code. After a refusal the next call tries
 * again. */
int mio__startup(void);

#endif
