/* Where pipes come from. Systems differ in what can be set from birth, as with new_socket.h. */
#ifndef MIO_NEW_PIPE_H
#define MIO_NEW_PIPE_H

/* As pipe(2): both ends non-blocking and close-on-exec; -1 with errno. */
int mio__new_pipe(int fds[2]);

#endif
