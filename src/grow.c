/* The one place of the library that asks for memory. */
#include "grow.h"

#include <stdlib.h>
#include <string.h>

bool mio__allocator_is_valid(const struct mio_allocator *allocator)
{
    return !allocator->allocate == !allocator->release;
}

void *mio__grow_new(const struct mio_allocator *allocator, size_t count, size_t size)
{
    if (count > SIZE_MAX / size)
        return NULL;
    if (!allocator->allocate)
        return calloc(count, size);
    void *memory = allocator->allocate(allocator->arg, count * size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void mio__grow_free(const struct mio_allocator *allocator, void *memory, size_t count, size_t size)
{
    if (!allocator->release)
        free(memory);
    else if (memory)
        allocator->release(allocator->arg, memory, count * size);
}
