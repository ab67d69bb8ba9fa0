#include "operations.h"

#include "devices.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned weight;
    enum target target;
} rows[] = {
#define ROW(name, weight, target) {#name, weight, TARGET_##target},
    EACH_OPERATION(ROW)
#undef ROW
};

uint64_t operation_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * UINT64_C(2685821657736338717)) >> 16;
}

struct operation operation_draw(uint64_t *state)
{
    unsigned sum = 0, name = 0;
    for (unsigned i = 0; i < OPERATIONS; i++)
        sum += rows[i].weight;
    unsigned dice = (unsigned)(operation_random(state) % sum);
    while (dice >= rows[name].weight)
        dice -= rows[name++].weight;
    return (struct operation){(uint8_t)name, (uint8_t)(operation_random(state) % 72),
                              (uint32_t)operation_random(state)};
}

mio_interest operation_interest(uint32_t arg)
{
    static const mio_interest wrong[] = {0, MIO_LEVEL, MIO_READABLE | 0x400, MIO_AIO};
    static const mio_interest bits[] = {MIO_READABLE, MIO_READABLE, MIO_WRITABLE,
                                        MIO_READABLE | MIO_PRIORITY};
    static const mio_interest modes[] = {
        MIO_EDGE, MIO_EDGE, MIO_EDGE, MIO_LEVEL, MIO_LEVEL, MIO_ONESHOT, MIO_LEVEL | MIO_ONESHOT,
        MIO_EDGE};
    mio_interest asked = bits[arg >> 9 & 3];
    if ((arg >> 8 & 1) == 0 && (arg >> 14 & 31) == 0)
        return wrong[arg >> 9 & 3];
    if ((arg >> 19 & 7) == 0)
        asked = MIO_READ_CLOSED;
    else if ((arg >> 19 & 7) == 1)
        asked |= MIO_READ_CLOSED;
    if (arg >> 8 & 1)
        asked |= MIO_WRITABLE;
    return asked | modes[arg >> 11 & 7];
}

mio_interest operation_watched(uint32_t arg)
{
    return (arg >> 22 & 3) == 0 ? 0 : operation_interest(arg);
}

unsigned operation_registry(uint32_t arg)
{
    return arg % REGISTRIES;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void print_remark(FILE *file, const struct operation *operation)
{
    char text[MIO_INTEREST_TEXT];
    unsigned kinds = 0;
    while (device_kinds[kinds].name)
        kinds++;
    switch (rows[operation->name].target) {
    case TARGET_SOURCE:
        fprintf(file, "  # %s", device_kinds[operation->who % kinds].name);
        break;
    case TARGET_QUEUE:
        fprintf(file, "  # poll %u", operation->who % 5 == 0);
        break;
    default:
        break;
    }
    bool watches = operation->name == OPERATION_watch || operation->name == OPERATION_replace;
    if (watches || operation->name == OPERATION_register_source ||
        operation->name == OPERATION_reregister || operation->name == OPERATION_take_over) {
        mio_interest_format(watches ? operation_watched(operation->arg)
                                    : operation_interest(operation->arg),
                            text, sizeof text);
        fprintf(file, ", registry %u, %s", operation_registry(operation->arg), text);
    }
}

void operation_print(FILE *file, const struct operation *operation)
{
    fprintf(file, "%s %u %#x", rows[operation->name].name, operation->who,
            (unsigned)operation->arg);
    print_remark(file, operation);
    fprintf(file, "\n");
}

int operation_parse(const char *line, struct operation *operation)
{
    char name[32];
    unsigned who, arg;
    line += strspn(line, " \t\n");
    if (*line == '\0' || *line == '#')
        return 0;
    if (sscanf(line, "%31s %u %x", name, &who, &arg) != 3)
        return -1;
    for (unsigned i = 0; i < OPERATIONS; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *operation = (struct operation){(uint8_t)i, (uint8_t)who, arg};
            return 1;
        }
    return -1;
}
