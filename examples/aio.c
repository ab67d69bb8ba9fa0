/*
 * Files written by the system in the background (POSIX AIO), beside sockets in one poll: a source
 * of our own hands the queue to the operation, and the event says that the operation is done. Then
 * two operations as one (lio_listio), where the system has that.
 *
 * It is made for FreeBSD. Nobody has seen it run on Apple's systems, whose manual says that the
 * filter is not supported. DragonFly BSD has the calls, which answer ENOSYS to such a request.
 *
 *     aio FILE        writes some lines to FILE
 */
#include <mio.h>

#include <aio.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the system has no field of this name, the queue goes into the number of the signal. */
#ifndef sigev_notify_kqueue
#define sigev_notify_kqueue sigev_signo
#endif

enum { WRITTEN = 1, BOTH_WRITTEN = 2 };

/* Something that the system does and tells a queue of. The source comes first. */
struct notice {
    struct mio_source source;
    struct sigevent when_done;
};

/* ---- The source ------------------------------------------------------------------------------ */

static int notice_add(struct mio_registry *registry, struct mio_source *source, mio_token token,
                      mio_interest interest)
{
    struct notice *notice = (struct notice *)source;
    if ((interest & (MIO_AIO | MIO_LIO)) == 0)
        return -EINVAL;
    notice->when_done.sigev_notify = SIGEV_KEVENT;
    notice->when_done.sigev_notify_kqueue = mio_registry_fd(registry);
    notice->when_done.sigev_value.sival_ptr = (void *)token;
    return 0;
}

/* An operation that runs keeps the token that it was started with. */
static int notice_change(struct mio_registry *registry, struct mio_source *source, mio_token token,
                         mio_interest interest)
{
    return notice_add(registry, source, token, interest);
}

static int notice_remove(struct mio_registry *registry, struct mio_source *source)
{
    struct notice *notice = (struct notice *)source;
    (void)registry;
    notice->when_done.sigev_notify = SIGEV_NONE;
    return 0;
}

static const struct mio_source_ops notice_ops = {notice_add, notice_change, notice_remove};

/* ---- Operations ------------------------------------------------------------------------------ */

static struct aiocb write_of(int fd, char *text, off_t offset)
{
    struct aiocb operation;
    memset(&operation, 0, sizeof operation);
    operation.aio_fildes = fd;
    operation.aio_buf = text;
    operation.aio_nbytes = strlen(text);
    operation.aio_offset = offset;
    operation.aio_lio_opcode = LIO_WRITE;
    return operation;
}

/* A call that starts operations. DragonFly's return the error itself. */
static int started(int result)
{
    return result < 0 ? -errno : -result;
}

/* Waits for the event of the token. */
static int expect(struct mio_poll *poll, mio_token token)
{
    struct mio_event event;
    char text[MIO_EVENT_TEXT];
    int n = mio_poll_wait(poll, &event, 1, 10 * MIO_NS_PER_S);
    if (n != 1 || event.token != token)
        return n < 0 ? n : -ETIMEDOUT;
    mio_event_format(&event, text, sizeof text);
    printf("%s\n", text);
    return 0;
}

/*
 * Takes the result of an operation that is done: 0 if all was written. The event comes with each
 * wait until the results of all that it stands for were taken.
 */
static int take_result(struct aiocb *operation)
{
    int error = aio_error(operation);
    if (error == EINPROGRESS)
        return -EINPROGRESS;
    ssize_t n = aio_return(operation);
    if (error != 0)
        return -error;
    return n == (ssize_t)operation->aio_nbytes ? 0 : -EIO;
}

/* Static, as their buffers are: the system writes to operations until they are done. */
static struct aiocb one, two[2];

static int write_one(struct mio_poll *poll, int fd)
{
    static char text[] = "one, written in the background\n";
    struct notice notice = {.when_done.sigev_notify = SIGEV_NONE};
    mio_source_init_custom(&notice.source, &notice_ops);
    int result = mio_register(mio_poll_registry(poll), &notice.source, WRITTEN, MIO_AIO);
    if (result < 0)
        return result;
    one = write_of(fd, text, 0);
    one.aio_sigevent = notice.when_done;
    result = started(aio_write(&one));
    if (result == 0)
        result = expect(poll, WRITTEN);
    if (result == 0)
        result = take_result(&one);
    mio_deregister(mio_poll_registry(poll), &notice.source);
    return result;
}

static int write_two(struct mio_poll *poll, int fd)
{
    static char first[] = "two,\n", second[] = "and three, as one operation\n";
    struct notice notice = {.when_done.sigev_notify = SIGEV_NONE};
    struct aiocb *list[2] = {&two[0], &two[1]};
    off_t end = lseek(fd, 0, SEEK_END);
    mio_source_init_custom(&notice.source, &notice_ops);
    int result = mio_register(mio_poll_registry(poll), &notice.source, BOTH_WRITTEN, MIO_LIO);
    if (result < 0)
        return result;
    two[0] = write_of(fd, first, end);
    two[1] = write_of(fd, second, end + (off_t)strlen(first));
    result = started(lio_listio(LIO_NOWAIT, list, 2, &notice.when_done));
    if (result == 0)
        result = expect(poll, BOTH_WRITTEN);
    for (int i = 0; i < 2 && result == 0; i++)
        result = take_result(&two[i]);
    mio_deregister(mio_poll_registry(poll), &notice.source);
    return result;
}

int main(int argc, char **argv)
{
    struct mio_poll poll;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int result = fd < 0 ? -errno : mio_poll_init(&poll);
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], mio_strerror(result));
        return 1;
    }
    result = write_one(&poll, fd);
    if (result == 0 && (mio_poll_features(&poll) & MIO_LIO))
        result = write_two(&poll, fd);
    if (result < 0)
        fprintf(stderr, "writing: %s: %s\n", mio_error_name(result), mio_strerror(result));
    mio_poll_close(&poll);
    close(fd);
    return result < 0;
}
