/*
 * example_driver KIND PROGRAM [ARGUMENTS]: runs an example against a real client and checks what
 * comes back. Every wait is bounded, and it ends only what it started. Exit status 77 means that
 * the client is not installed.
 *
 *     own     SERVER CLIENT         our own client: short requests, long ones, many connections
 *     few     SERVER CLIENT         more connections than the server may have descriptors
 *     hello   SERVER                clients that are greeted with a line, and then the end
 *     flight  SERVER                a request is on its way when the server is told to stop
 *     nc, socat        SERVER PATH  a client that joins its input and output with a connection
 *     script  SERVER PATH SCRIPT    a client that checks by itself; it gets the port
 *     fails   TEXT PROGRAM ...      the program must exit with 1 and print a line with TEXT
 */
#define _POSIX_C_SOURCE 200809L

#include "process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77
#define START_MS 30000
#define CLIENT_MS 30000
#define STOP_MS 30000
#define MAX_ARGUMENTS 12
#define HELLO_CLIENTS 50

static int failed(const char *what)
{
    fprintf(stderr, "example_driver: %s\n", what);
    return EXIT_FAILURE;
}

/* Starts a server that prints "listening on 127.0.0.1:PORT". Returns the port, or -1. */
static int server_start_at(struct child *server, char *path, char *place, unsigned descriptors)
{
    char *argv[] = {path, place, NULL};
    char line[128];
    int port = 0;
    if (!child_start(server, argv, descriptors))
        return -1;
    if (child_line(server, line, sizeof line, START_MS) &&
        sscanf(line, "listening on 127.0.0.1:%d", &port) == 1 && port > 0)
        return port;
    failed("the server does not say where it listens");
    kill(server->pid, SIGKILL);
    child_wait(server, STOP_MS);
    return -1;
}

static int server_start(struct child *server, char *path, unsigned descriptors)
{
    return server_start_at(server, path, "0", descriptors);
}

/*
 * Tells the server to stop. A server without a handler dies of the signal; one with a handler must
 * end with 0. One that had ended by itself is an error.
 */
static bool server_stop(struct child *server, bool has_handler)
{
    if (kill(server->pid, SIGTERM) != 0)
        return false;
    int status = child_wait(server, STOP_MS);
    if (has_handler ? status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0
                    : status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
        return true;
    fprintf(stderr, "example_driver: the server ended with status %#x\n", (unsigned)status);
    return false;
}

/* Runs a client that checks by itself; arguments is a format for the port. */
static bool client_run(char *path, char *script, int port, const char *arguments)
{
    char words[128], *argv[MAX_ARGUMENTS + 1], line[128];
    struct child client;
    int count = 0;
    snprintf(words, sizeof words, "%d %s", port, arguments);
    argv[count++] = path;
    if (script != NULL)
        argv[count++] = script;
    for (char *w = strtok(words, " "); w != NULL && count < MAX_ARGUMENTS; w = strtok(NULL, " "))
        argv[count++] = w;
    argv[count] = NULL;
    if (!child_start(&client, argv, 0))
        return false;
    while (child_line(&client, line, sizeof line, CLIENT_MS))
        printf("client: %s\n", line);
    int status = child_wait(&client, CLIENT_MS);
    if (status == 0)
        return true;
    fprintf(stderr, "example_driver: the client ended with status %#x\n", (unsigned)status);
    return false;
}

/*
 * Runs a client that joins its standard input and output with a connection. It gets pieces of so
 * many bytes, each after the one before came back.
 */
static bool client_pipe(char *const argv[], size_t piece)
{
    static char out[100000], in[sizeof out];
    struct child client;
    bool good = true;
    if (!child_start(&client, argv, 0))
        return false;
    fill(out, sizeof out, 1);
    for (size_t done = 0; good && done < sizeof out; done += piece)
        good = exchange(client.in, client.out, out + done, in + done, piece, CLIENT_MS);
    if (good && memcmp(out, in, sizeof out) != 0) {
        failed("the answer differs");
        good = false;
    }
    /* Some end with their input, some do not: what matters is what came back. */
    close(client.in);
    client.in = -1;
    kill(client.pid, SIGTERM);
    child_wait(&client, STOP_MS);
    if (good)
        printf("%s: %zu bytes there and back\n", argv[0], sizeof out);
    return good;
}

static int drive_pipe(const char *kind, char *server_path, char *path)
{
    char port_text[16], address[64];
    struct child server;
    int port = server_start(&server, server_path, 0);
    if (port < 0)
        return EXIT_FAILURE;
    snprintf(port_text, sizeof port_text, "%d", port);
    char *nc[] = {path, "127.0.0.1", port_text, NULL};
    char *socat[] = {path, "-", address, NULL};
    snprintf(address, sizeof address, "TCP:127.0.0.1:%d", port);
    bool good = client_pipe(strcmp(kind, "nc") == 0 ? nc : socat, 50000);
    return server_stop(&server, false) && good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int drive_own(char *server_path, char *client, bool has_handler)
{
    struct child server;
    int port = server_start(&server, server_path, 0);
    if (port < 0)
        return EXIT_FAILURE;
    bool good = client_run(client, NULL, port, "20 10 100") &&
                client_run(client, NULL, port, "2 2 1000000") &&
                client_run(client, NULL, port, "90 3 5000 90");
    return server_stop(&server, has_handler) && good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int drive_few(char *server_path, char *client)
{
    struct child server;
    int port = server_start(&server, server_path, 16);
    if (port < 0)
        return EXIT_FAILURE;
    bool good = client_run(client, NULL, port, "80 2 100 40");
    return server_stop(&server, false) && good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int drive_script(char *server_path, char *path, char *script)
{
    struct child server;
    int port = server_start(&server, server_path, 0);
    if (port < 0)
        return EXIT_FAILURE;
    bool good = client_run(path, script, port, "");
    return server_stop(&server, false) && good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Many clients that come while the server is stopped are one event to it. */
static bool greeted(const struct child *server, int port, size_t clients)
{
    static const char expected[] = "hello\n";
    int fds[HELLO_CLIENTS];
    bool good = kill(server->pid, SIGSTOP) == 0;
    for (size_t i = 0; i < clients; i++)
        fds[i] = connect_to(port);
    good = kill(server->pid, SIGCONT) == 0 && good;
    for (size_t i = 0; i < clients; i++) {
        char in[sizeof expected - 1];
        good = good && fds[i] >= 0 && exchange(fds[i], fds[i], NULL, in, sizeof in, CLIENT_MS) &&
               memcmp(in, expected, sizeof in) == 0 && expect_end(fds[i], CLIENT_MS);
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return good;
}

static int drive_hello(char *server_path)
{
    struct child server;
    int port = server_start_at(&server, server_path, "127.0.0.1:0", 0);
    if (port < 0)
        return EXIT_FAILURE;
    bool good = greeted(&server, port, 1) && greeted(&server, port, HELLO_CLIENTS) &&
                greeted(&server, port, 1);
    return server_stop(&server, false) && good ? EXIT_SUCCESS : failed("a client was not greeted");
}

/*
 * While the server is stopped (SIGSTOP) a request and the order to end reach it, so that it finds
 * both when it goes on. It must answer in full, say that this was it, and end with 0.
 */
static int drive_flight(char *server_path)
{
    static char out[30000], in[sizeof out];
    struct child server;
    int port = server_start(&server, server_path, 0);
    if (port < 0)
        return EXIT_FAILURE;
    int fd = connect_to(port);
    fill(out, sizeof out, 2);
    bool good =
        fd >= 0 && exchange(fd, fd, out, in, 10, CLIENT_MS) && kill(server.pid, SIGSTOP) == 0 &&
        write(fd, out, sizeof out) == (ssize_t)sizeof out && kill(server.pid, SIGTERM) == 0 &&
        kill(server.pid, SIGCONT) == 0 && exchange(fd, fd, NULL, in, sizeof in, CLIENT_MS) &&
        memcmp(out, in, sizeof out) == 0 && expect_end(fd, CLIENT_MS);
    if (fd >= 0)
        close(fd);
    int status = child_wait(&server, STOP_MS);
    return good && status == 0 ? EXIT_SUCCESS : failed("it did not finish what was in flight");
}

/* argv: the text, the program, its arguments. */
static int drive_fails(char **argv)
{
    struct child program;
    char line[512];
    bool found = false;
    if (!child_start(&program, argv + 1, 0))
        return EXIT_FAILURE;
    while (child_line(&program, line, sizeof line, CLIENT_MS)) {
        puts(line);
        found |= strstr(line, argv[0]) != NULL;
    }
    int status = child_wait(&program, STOP_MS);
    if (!found)
        return failed("it did not say what went wrong");
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 1
               ? EXIT_SUCCESS
               : failed("it did not exit with 1");
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    signal(SIGPIPE, SIG_IGN);
    if (strcmp(kind, "fails") == 0 && argc > 3)
        return drive_fails(argv + 2);
    if (strcmp(kind, "flight") == 0 && argc == 3)
        return drive_flight(argv[2]);
    if (strcmp(kind, "hello") == 0 && argc == 3)
        return drive_hello(argv[2]);
    if (argc < 4)
        return failed("usage: see the head of example_driver.c");
    if (access(argv[3], X_OK) != 0) {
        printf("skipped: %s is not installed\n", kind);
        return SKIPPED;
    }
    if (strcmp(kind, "own") == 0)
        return drive_own(argv[2], argv[3], argc > 4);
    if (strcmp(kind, "few") == 0)
        return drive_few(argv[2], argv[3]);
    if (strcmp(kind, "script") == 0 && argc == 5)
        return drive_script(argv[2], argv[3], argv[4]);
    return drive_pipe(kind, argv[2], argv[3]);
}
