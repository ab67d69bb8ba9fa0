/* The one place of the library that asks for memory: tables of backends that need some. */
#ifndef MIO_GROW_H
#define MIO_GROW_H

#include <mio.h>

/* Memory for count elements, all bytes 0; NULL when there is none. */
void *mio__grow_new(const struct mio_allocator *allocator, size_t count, size_t size);

/* Gives it back; memory may be NULL. */
void mio__grow_free(const struct mio_allocator *allocator, void *memory, size_t count, size_t size);

/* Whether both functions are there, or none. */
bool mio__allocator_is_valid(const struct mio_allocator *allocator);

#endif
