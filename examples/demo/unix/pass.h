/* How pipes come from the clients to the server. */
#ifndef PASS_H
#define PASS_H

/*
 * Sends two descriptors through a Unix domain datagram socket, and receives them. The receiver has
 * copies of its own. Each returns 0 or a negative code.
 */
int pass_send(int socket, const int fds[2]);
int pass_receive(int socket, int fds[2]);

#endif
