/*
 * A program under a sanitizer, with the library as it is installed, which is not. Bytes of a peer
 * have to count as written, as ordered after the part before the send, and as bounded by the
 * buffer.
 */
#include <mio.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mio_unix_stream near_end, far_end;
static int shared;

static void *send_one(void *arg)
{
    shared = 5;
    return mio_unix_stream_write(&far_end, "x", 1) == 1 ? arg : NULL;
}

/* thread: without the order this is a race on shared. memory: without the write a branch on
 * nothing. */
static int receive_in_order(void)
{
    pthread_t thread;
    char byte;
    int result;
    if (pthread_create(&thread, NULL, send_one, NULL) != 0)
        return 2;
    do
        result = (int)mio_unix_stream_read(&near_end, &byte, 1);
    while (result == -EAGAIN);
    result = result == 1 && byte == 'x' && shared == 5 ? 0 : 3;
    pthread_join(thread, NULL);
    return result;
}

/* address: more arrives than the buffer holds. */
static int receive_too_much(void)
{
    static const char bytes[64] = {1};
    char *small = malloc(8);
    if (!small || mio_unix_stream_write(&far_end, bytes, sizeof bytes) != sizeof bytes)
        return 4;
    ptrdiff_t n = mio_unix_stream_read(&near_end, small, sizeof bytes);
    printf("%d of %d bytes in 8\n", (int)n, small[7]);
    free(small);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 || mio_unix_stream_pair(&near_end, &far_end) != 0)
        return 1;
    return strcmp(argv[1], "overflow") == 0 ? receive_too_much() : receive_in_order();
}
