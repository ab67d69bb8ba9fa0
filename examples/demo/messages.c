/* The messages of the clients: cut from one pattern, each order of magnitude equally often. */
#include "load.h"

#include <stdio.h>
#include <string.h>

#define SIZE_BITS 18
#define DATAGRAM_BITS 13
#define PATTERN_SIZE ((size_t)4 << SIZE_BITS)

_Static_assert(MAX_DATAGRAM == 1 << DATAGRAM_BITS, "the largest datagram");

static unsigned char pattern[PATTERN_SIZE];

/* The numbers that a datagram begins with. Both sides are this program, so any order will do. */
struct numbers {
    uint32_t client, message;
};

/* A pseudo-random number that depends on nothing but its arguments (splitmix64). */
static uint64_t number_for(uint64_t client, uint64_t message)
{
    uint64_t z = (client * 64 + message + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void messages_init(void)
{
    for (size_t i = 0; i < PATTERN_SIZE; i += 8) {
        uint64_t number = number_for(i, 63);
        memcpy(pattern + i, &number, 8);
    }
}

unsigned message_count(uint64_t client)
{
    return 1 + (unsigned)(number_for(client, 0) % MAX_MESSAGES);
}

static struct message choose(uint64_t number, unsigned max_bits)
{
    unsigned bits = (unsigned)(number % (max_bits + 1));
    size_t size = (size_t)1 << bits;
    if (bits < max_bits)
        size += (size_t)(number >> 8) & (size - 1);
    return (struct message){pattern + (size_t)(number >> 32) % (PATTERN_SIZE - size), size};
}

struct message message_for(uint64_t client, unsigned message)
{
    return choose(number_for(client, message + 1), SIZE_BITS);
}

size_t datagram_for(uint64_t client, unsigned message, unsigned char *buf)
{
    const struct numbers numbers = {(uint32_t)client, message};
    struct message chosen = choose(number_for(client, message + 1), DATAGRAM_BITS);
    memcpy(buf, chosen.bytes, chosen.size);
    memcpy(buf, &numbers, sizeof numbers);
    return chosen.size < sizeof numbers ? sizeof numbers : chosen.size;
}

long datagram_number(uint64_t client, const unsigned char *buf, size_t size)
{
    struct numbers numbers;
    if (size < sizeof numbers)
        return -1;
    memcpy(&numbers, buf, sizeof numbers);
    return numbers.client == (uint32_t)client && numbers.message < MAX_MESSAGES
               ? (long)numbers.message
               : -1;
}

bool message_differs(char text[DIFFERENCE], const unsigned char *got, const struct message *sent,
                     size_t offset, size_t n)
{
    const unsigned char *expected = sent->bytes + offset;
    size_t k = 0;
    if (memcmp(got, expected, n) == 0)
        return false;
    while (got[k] == expected[k])
        k++;
    snprintf(text, DIFFERENCE, "byte %zu of %zu is 0x%02x, sent was 0x%02x", offset + k + 1,
             sent->size, got[k], expected[k]);
    return true;
}
