/*
 * A network of the test's own: a namespace with two devices that are the ends of one cable. Only in
 * a child process (test_in_child). Made by system calls alone; what cannot be made here skips the
 * case.
 */
#ifndef MIO_TEST_NETNS_H
#define MIO_TEST_NETNS_H

#include "net.h"

/* A new namespace, in which the loopback device is up. */
void netns_enter(void);

/* The two ends. */
#define NETNS_NEAR "mio_near"
#define NETNS_FAR "mio_far"

/* Lays the cable and waits until both ends are up; they have no addresses but what IPv6 needs. */
void netns_lay_cable(void);

/* Takes a device down, with everything that waits in it to be sent. */
void netns_down(const char *device);

/* Gives a device an address, which is good at once. */
void netns_add_address(const char *device, const char *text, unsigned prefix);

uint32_t netns_index(const char *device);

/* Writes a setting below /proc/sys/net; false where that is not allowed. */
bool netns_set(const char *path, const char *value);

#endif
