/*
 * A client of named pipes without the library, as any program could be: what a server of the
 * library serves in the tests. The result says how far it came.
 *
 *     echo NAME ROUNDS   writes lines and reads each one back
 *     call NAME TEXT     one message and its answer, by CallNamedPipe
 *     drain NAME BYTES   reads the pattern to the end of the pipe
 *     fill NAME BYTES    writes the pattern and closes
 *     sit NAME           connects and waits to be thrown out
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, NOT_OPENED = 10, NOT_WRITTEN, NOT_READ, WRONG_BYTES, WRONG_COUNT, NOT_CALLED };

static HANDLE open_pipe(const char *name)
{
    HANDLE pipe = INVALID_HANDLE_VALUE;
    for (int tries = 0; tries < 500 && pipe == INVALID_HANDLE_VALUE; tries++) {
        pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe == INVALID_HANDLE_VALUE)
            Sleep(10);
    }
    return pipe;
}

static int echo(HANDLE pipe, long rounds)
{
    char line[64], back[64];
    DWORD count, got;
    for (long i = 0; i < rounds; i++) {
        const DWORD length = (DWORD)snprintf(line, sizeof line, "line %ld of many\n", i);
        if (!WriteFile(pipe, line, length, &count, NULL) || count != length)
            return NOT_WRITTEN;
        for (got = 0; got < length; got += count)
            if (!ReadFile(pipe, back + got, length - got, &count, NULL) || count == 0)
                return NOT_READ;
        if (memcmp(line, back, length) != 0)
            return WRONG_BYTES;
    }
    return OK;
}

static int drain(HANDLE pipe, long bytes)
{
    static unsigned char buf[4000];
    DWORD count;
    long at = 0;
    while (ReadFile(pipe, buf, sizeof buf, &count, NULL))
        for (DWORD i = 0; i < count; i++, at++)
            if (buf[i] != (unsigned char)(at % 251))
                return WRONG_BYTES;
    if (GetLastError() != ERROR_BROKEN_PIPE && GetLastError() != ERROR_PIPE_NOT_CONNECTED)
        return NOT_READ;
    return at == bytes ? OK : WRONG_COUNT;
}

static int fill(HANDLE pipe, long bytes)
{
    static unsigned char buf[3000];
    DWORD count;
    for (long at = 0; at < bytes; at += (long)count) {
        const long rest = bytes - at;
        for (size_t i = 0; i < sizeof buf; i++)
            buf[i] = (unsigned char)((at + (long)i) % 251);
        if (!WriteFile(pipe, buf, rest < (long)sizeof buf ? (DWORD)rest : sizeof buf, &count, NULL))
            return NOT_WRITTEN;
    }
    return OK;
}

static int sit(HANDLE pipe)
{
    char byte;
    DWORD count;
    return ReadFile(pipe, &byte, 1, &count, NULL) ? WRONG_COUNT : OK;
}

static int call(const char *name, char *text)
{
    char answer[64];
    DWORD count;
    if (!CallNamedPipeA(name, text, (DWORD)strlen(text), answer, sizeof answer, &count, 5000))
        return NOT_CALLED;
    return count == strlen(text) && memcmp(answer, text, count) == 0 ? OK : WRONG_BYTES;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 1;
    if (strcmp(argv[1], "call") == 0)
        return argc > 3 ? call(argv[2], argv[3]) : 1;
    const long number = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    HANDLE pipe = open_pipe(argv[2]);
    if (pipe == INVALID_HANDLE_VALUE)
        return NOT_OPENED;
    if (strcmp(argv[1], "echo") == 0)
        return echo(pipe, number);
    if (strcmp(argv[1], "drain") == 0)
        return drain(pipe, number);
    if (strcmp(argv[1], "fill") == 0)
        return fill(pipe, number);
    return strcmp(argv[1], "sit") == 0 ? sit(pipe) : 1;
}
