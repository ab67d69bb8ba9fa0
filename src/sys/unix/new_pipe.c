/* New pipes on systems that have pipe2(2): all but Apple's. */
#include "sys/unix/new_pipe.h"
#include "sys/unix/calls.h"

#include <fcntl.h>
#include <unistd.h>

int mio__new_pipe(int fds[2])
{
    return MIO__CALL(pipe2)(fds, O_CLOEXEC | O_NONBLOCK);
}
