/* The facts that are known of each system. For those that are not see docs/platforms.md. */
#include "settings.h"
#include "simulated_event.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct sim_settings systems[] = {
    {"freebsd", .receipt = true, .user = true, .user_clear = true, .user_token = true, .mark = true,
     .pipe_wakes = true, .broken_pipe = true},
    {"macos", .receipt = true, .user = true, .broken_pipe = true, .no_devices = true,
     .no_sigpipe = true},
    {"netbsd", .receipt = true, .ticks = true, .mark = true, .pipe_wakes = true, .no_sigpipe = true,
     .index_in_address = true},
    {"openbsd", .receipt = true, .ticks = true, .mark = true, .broken_pipe = true},
    {"dragonfly", .receipt = true, .user = true, .user_clear = true, .user_token = true,
     .ticks = true, .mark = true, .pipe_wakes = true},
};
/* clang-format on */

static const struct {
    const char *name;
    size_t offset;
} switches[] = {
    {"receipt", offsetof(struct sim_settings, receipt)},
    {"user", offsetof(struct sim_settings, user)},
    {"user_clear", offsetof(struct sim_settings, user_clear)},
    {"user_token", offsetof(struct sim_settings, user_token)},
    {"ticks", offsetof(struct sim_settings, ticks)},
    {"early", offsetof(struct sim_settings, early)},
    {"pipe_wakes", offsetof(struct sim_settings, pipe_wakes)},
    {"broken_pipe", offsetof(struct sim_settings, broken_pipe)},
    {"mark", offsetof(struct sim_settings, mark)},
    {"no_devices", offsetof(struct sim_settings, no_devices)},
};

static struct sim_settings chosen;

static bool choose_system(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
        if (strlen(systems[i].name) == length && strncmp(systems[i].name, name, length) == 0) {
            chosen = systems[i];
            return true;
        }
    return false;
}

static bool choose_switch(const char *text, size_t length)
{
    if (length < 2 || (*text != '+' && *text != '-'))
        return false;
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (strlen(switches[i].name) == length - 1 &&
            strncmp(switches[i].name, text + 1, length - 1) == 0) {
            *(bool *)((char *)&chosen + switches[i].offset) = *text == '+';
            return true;
        }
    return false;
}

/* Before main, when there are no threads yet. */
__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("MIO_SIMULATED_KQUEUE");
    bool is_first = true;
    if (!text)
        text = systems[0].name;
    for (;;) {
        size_t length = strcspn(text, ",");
        if (is_first ? !choose_system(text, length) : !choose_switch(text, length)) {
            fprintf(stderr, "MIO_SIMULATED_KQUEUE: unknown: %.*s\n", (int)length, text);
            exit(1);
        }
        is_first = false;
        if (text[length] == '\0')
            return;
        text += length + 1;
    }
}

const struct sim_settings *sim_settings(void)
{
    return &chosen;
}

int simulated_kqueue_has_user(void)
{
    return chosen.user;
}

int simulated_kqueue_has_receipts(void)
{
    return chosen.receipt;
}

int simulated_kqueue_holds_mark(void)
{
    return chosen.mark;
}
