/*
 * Replays the table (replay_table.txt) on the simulation: the same steps have to bring the same
 * answers as on the kernel that was recorded.
 *
 *     replay TABLE
 */
#include "replay.h"

#include "simulated_event.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 8, CHANGES = 8 };

static jmp_buf part_end;
static int line_number;
static int queue = -1;
static struct kevent changes[CHANGES];
static int change_count;

void replay_fail(const char *format, ...)
{
    va_list args;
    printf("# line %d: ", line_number);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    longjmp(part_end, 1);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static int filter_of(const char *name)
{
    enum { UNKNOWN = -99 };
    return strcmp(name, "read") == 0    ? EVFILT_READ
           : strcmp(name, "write") == 0 ? EVFILT_WRITE
                                        : UNKNOWN;
}

static uint16_t flags_of(const char *text)
{
    static const struct {
        const char *name;
        uint16_t flag;
    } flags[] = {{"add", EV_ADD},        {"clear", EV_CLEAR},     {"delete", EV_DELETE},
                 {"enable", EV_ENABLE},  {"disable", EV_DISABLE}, {"dispatch", EV_DISPATCH},
                 {"oneshot", EV_ONESHOT}};
    uint16_t result = EV_RECEIPT;
    while (*text != '\0') {
        size_t length = strcspn(text, ","), i = 0;
        size_t known = sizeof flags / sizeof flags[0];
        while (i < known &&
               (strlen(flags[i].name) != length || strncmp(flags[i].name, text, length) != 0))
            i++;
        if (i == known)
            replay_fail("unknown flag %s", text);
        result |= flags[i].flag;
        text += length + (text[length] == ',');
    }
    return result;
}

/* words: FILTER NAME FLAGS UDATA */
static void put(char *const *words)
{
    int fd = replay_fd(words[1]);
    EV_SET(&changes[change_count], fd < 0 ? 999999 : fd, filter_of(words[0]), flags_of(words[2]), 0,
           0, (intptr_t)atol(words[3]));
    change_count++;
}

static void submit(int room, int expected, char *const *errors)
{
    struct kevent receipts[CHANGES];
    struct timespec none = {.tv_sec = 0};
    int n = kevent(queue, changes, change_count, receipts, room, &none);
    if (n != expected)
        replay_fail("%d receipts (%s), expected %d", n, n < 0 ? strerror(errno) : "", expected);
    for (int i = 0; i < n; i++) {
        int error = replay_error(errors[i]);
        if (receipts[i].flags != EV_ERROR || receipts[i].data != error)
            replay_fail("receipt %d: flags %04x data %lld, expected %d", i,
                        (unsigned)receipts[i].flags, (long long)receipts[i].data, error);
        if (receipts[i].ident != changes[i].ident || receipts[i].filter != changes[i].filter ||
            receipts[i].udata != changes[i].udata)
            replay_fail("receipt %d is of another change", i);
    }
    change_count = 0;
}

/* One change on another queue, which then has events. words: FILTER QUEUE NAME UDATA */
static void change_inner(char *const *words)
{
    struct kevent change, receipt;
    struct timespec none = {.tv_sec = 0};
    EV_SET(&change, replay_fd(words[2]), filter_of(words[0]), flags_of("add,clear"), 0, 0,
           (intptr_t)atol(words[3]));
    if (kevent(replay_fd(words[1]), &change, 1, &receipt, 1, &none) != 1 || receipt.data != 0)
        replay_fail("the other queue refuses");
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void print_events(const struct kevent *events, int n)
{
    for (int i = 0; i < n; i++)
        printf("# got %s %04x %u %lld %lld\n", events[i].filter == EVFILT_READ ? "read" : "write",
               (unsigned)events[i].flags, (unsigned)events[i].fflags, (long long)events[i].data,
               (long long)(intptr_t)events[i].udata);
}

/* text: FILTER FLAGS FFLAGS DATA UDATA */
static int is_as(const struct kevent *event, const char *text)
{
    char filter[16], fflags[16], data[8];
    unsigned flags;
    long udata;
    if (sscanf(text, "%15s %x %15s %7s %ld", filter, &flags, fflags, data, &udata) != 5)
        replay_fail("what is \"%s\"?", text);
    return event->filter == filter_of(filter) && event->flags == flags &&
           event->fflags == (uint32_t)replay_error(fflags) &&
           (event->data != 0) == (data[0] == '+') && (intptr_t)event->udata == udata;
}

/* Events of the host are there at once on the loopback, or nearly so. */
static void wait_for(int room, char *expected)
{
    struct kevent events[ROOM];
    struct timespec time = {.tv_nsec = 1000000};
    usleep(2000);
    int n = kevent(queue, NULL, 0, events, room, &time);
    int i = 0;
    for (char *entry = strtok(expected, ","); entry; entry = strtok(NULL, ","), i++) {
        if (i < n && is_as(&events[i], entry))
            continue;
        print_events(events, n);
        replay_fail("%d events, entry %d is not%s", n, i, entry);
    }
    if (n != i) {
        print_events(events, n);
        replay_fail("%d events, expected %d", n, i);
    }
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_time(long ns, long least_ms)
{
    struct kevent event;
    struct timespec time = {.tv_nsec = ns};
    long begin = now_ms();
    int n = kevent(queue, NULL, 0, &event, 1, &time);
    if (n != 0 || now_ms() - begin < least_ms - 1)
        replay_fail("%d events after %ld ms, expected none before %ld ms", n, now_ms() - begin,
                    least_ms);
}

static void wait_invalid(long ns)
{
    struct kevent event;
    struct timespec time = {.tv_sec = ns < 0 ? -1 : 0, .tv_nsec = ns < 0 ? 0 : ns};
    if (kevent(queue, NULL, 0, &event, 1, &time) != -1 || errno != EINVAL)
        replay_fail("the time is not refused");
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static int split(char *text, char **words)
{
    int count = 0;
    memset(words, 0, REPLAY_WORDS * sizeof *words);
    for (char *word = strtok(text, " "); word && count < REPLAY_WORDS - 1; word = strtok(NULL, " "))
        words[count++] = word;
    return count;
}

static void step(char *text)
{
    char *words[REPLAY_WORDS], *results[REPLAY_WORDS];
    char none[] = "";
    char *equals = strchr(text, '=');
    char *result = equals ? equals + 1 : none;
    if (equals)
        *equals = '\0';
    split(text, words);
    if (strcmp(words[0], "wait") == 0) {
        wait_for(atoi(words[1]), result);
        return;
    }
    split(result, results);
    if (strcmp(words[0], "change") == 0) {
        put(words + 1);
        submit(1, 1, results[0] ? results : (char *[]){"0"});
    } else if (strcmp(words[0], "put") == 0) {
        put(words + 1);
    } else if (strcmp(words[0], "submit") == 0) {
        submit(atoi(words[1]), atoi(results[0]), results + 1);
    } else if (strcmp(words[0], "inner") == 0) {
        change_inner(words + 1);
    } else if (strcmp(words[0], "took") == 0) {
        take_time(atol(words[1]), atol(words[2]));
    } else if (strcmp(words[0], "invalid") == 0) {
        wait_invalid(atol(words[1]));
    } else if (!replay_act(words, results[0])) {
        replay_fail("unknown step %s", words[0]);
    }
}

static char *next_line(FILE *table)
{
    static char line[256];
    while (fgets(line, sizeof line, table)) {
        line_number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#')
            return line;
    }
    return NULL;
}

/* Runs the steps of a part. Returns the line that begins the next one, or NULL at the end. */
static char *run_part(FILE *table)
{
    char *line;
    queue = kqueue();
    if (queue < 0)
        replay_fail("there is no queue");
    while ((line = next_line(table)) != NULL && strncmp(line, "part ", 5) != 0)
        step(line);
    return line;
}

int main(int argc, char **argv)
{
    FILE *table = argc == 2 ? fopen(argv[1], "r") : NULL;
    volatile int ran = 0, failed = 0;
    char name[128];
    if (!table) {
        printf("Bail out! replay TABLE\n");
        return 1;
    }
    printf("TAP version 13\n");
    char *volatile line = next_line(table);
    while (line) {
        snprintf(name, sizeof name, "%s", line + 5);
        ran++;
        if (setjmp(part_end) == 0) {
            line = run_part(table);
            printf("ok %d - %s\n", ran, name);
        } else {
            failed++;
            printf("not ok %d - %s\n", ran, name);
            while ((line = next_line(table)) != NULL && strncmp(line, "part ", 5) != 0)
                continue;
        }
        change_count = 0;
        replay_close_all();
        close(queue);
    }
    printf("1..%d\n", ran);
    fclose(table);
    return failed > 0 || ran == 0;
}
