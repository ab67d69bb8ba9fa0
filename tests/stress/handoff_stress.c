/*
 * A thread registers an object and never looks at it again; the waiter, told of it, deregisters,
 * closes and frees it, maybe before the registering call has returned. That call must be done with
 * the object by then: what it wrote afterwards would show in the poison that stands for freed
 * memory.
 */
#define _GNU_SOURCE 1
#include "stress.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { OBJECTS = 64, CAPACITY = 8, POISON = 0xa5 };
enum { TOKEN_END = 0 }; /* all others are objects */

struct object {
    struct mio_source source;
    atomic_bool is_free; /* set by the waiter, after the poison */
};

static struct {
    struct mio_poll poll;
    struct object objects[OBJECTS];
    atomic_ulong freed;
} s;

static void free_object(struct object *object)
{
    int fd = mio_source_fd(&object->source);
    stress_require(mio_deregister(mio_poll_registry(&s.poll), &object->source) == 0,
                   "what was reported is not registered");
    stress_require(close(fd) == 0, "the object has another descriptor");
    memset(&object->source, POISON, sizeof object->source);
    atomic_fetch_add(&s.freed, 1);
    atomic_store(&object->is_free, true);
}

static void *run_waiter(void *arg)
{
    struct mio_event events[CAPACITY];
    (void)arg;
    for (bool done = false; !done && !stress_has_failed();) {
        int n = mio_poll_wait(&s.poll, events, CAPACITY, MIO_FOREVER);
        stress_require(n > 0 || n == -EINTR, "a wait failed");
        for (int i = 0; i < n; i++)
            if (events[i].token == TOKEN_END)
                done = true;
            else
                free_object((struct object *)events[i].token);
    }
    return NULL;
}

/*
 * Both threads on one processor: the system call that makes a source ready wakes the waiter, which
 * then runs before that call has returned.
 */
static void share_a_processor(cpu_set_t *before)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_ZERO(before); /* MemorySanitizer does not know the call that fills it */
    CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof *before, before), 0);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_COUNT(&one) == 0 && CPU_ISSET(i, before))
            CPU_SET(i, &one);
    CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof one, &one), 0);
}

static bool is_poisoned(const struct object *object)
{
    unsigned char poison[sizeof object->source];
    memset(poison, POISON, sizeof poison);
    return memcmp(&object->source, poison, sizeof poison) == 0;
}

/* Fills a free place with an object that is reported at once, by the call that is tested. */
static void hand_off(struct object *object, bool by_reregister)
{
    struct mio_registry *registry = mio_poll_registry(&s.poll);
    atomic_store(&object->is_free, false);
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    stress_require(fd >= 0, "no eventfd");
    stress_require(mio_source_init_fd(&object->source, fd) == 0, "no source");
    if (by_reregister) {
        /* Writing is not reported here, so that the first call tells nobody. */
        stress_require(mio_register(registry, &object->source, (mio_token)object, MIO_READABLE) ==
                           0,
                       "register failed");
        stress_require(mio_reregister(registry, &object->source, (mio_token)object,
                                      MIO_READABLE | MIO_WRITABLE) == 0,
                       "reregister failed");
    } else {
        stress_require(mio_register(registry, &object->source, (mio_token)object,
                                    MIO_READABLE | MIO_WRITABLE) == 0,
                       "register failed");
    }
}

static void run(bool by_reregister)
{
    struct mio_waker end;
    cpu_set_t before;
    pthread_t waiter;
    test_poll_init(&s.poll);
    atomic_store(&s.freed, 0);
    CHECK_EQ(mio_waker_init(&end, mio_poll_registry(&s.poll), TOKEN_END), 0);
    for (int i = 0; i < OBJECTS; i++) {
        memset(&s.objects[i].source, POISON, sizeof s.objects[i].source);
        atomic_store(&s.objects[i].is_free, true);
    }
    share_a_processor(&before); /* inherited by the waiter */
    stress_begin();
    CHECK_EQ(pthread_create(&waiter, NULL, run_waiter, NULL), 0);
    unsigned long made = 0;
    for (long left = test_scaled(100000); left > 0 && !stress_is_enough(); left--, made++) {
        struct object *object = &s.objects[made % OBJECTS];
        struct stress_patience patience = {.spins = 200};
        while (!atomic_load(&object->is_free) &&
               stress_go_on(&patience, "an object was not told of"))
            continue;
        if (stress_has_failed())
            break;
        stress_require(is_poisoned(object), "a call wrote to an object that was freed");
        hand_off(object, by_reregister);
    }
    struct stress_patience patience = {.spins = 200};
    while (atomic_load(&s.freed) < made && stress_go_on(&patience, "an object was not told of"))
        continue;
    CHECK_EQ(mio_waker_wake(&end), 0);
    pthread_join(waiter, NULL);
    CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof before, &before), 0);
    test_note("%lu objects", made);
    stress_end();
    CHECK_EQ(mio_waker_close(&end), 0);
    CHECK_EQ(mio_poll_close(&s.poll), 0);
}

static void object_is_freed_by_who_is_told_of_its_registration(void)
{
    run(false);
}

static void object_is_freed_by_who_is_told_of_its_reregistration(void)
{
    run(true);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"object_is_freed_by_who_is_told_of_its_registration",
         object_is_freed_by_who_is_told_of_its_registration, 0},
        {"object_is_freed_by_who_is_told_of_its_reregistration",
         object_is_freed_by_who_is_told_of_its_reregistration, 0},
        {NULL, NULL, 0},
    };
    static const struct test_suite handoff = {"handoff", cases};
    static const struct test_suite *const suites[] = {&handoff, NULL};
    return test_main(argc, argv, suites);
}
