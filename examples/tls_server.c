/*
 * tls_server: an echo server over TLS, with OpenSSL. A BIO of our own lets OpenSSL read and write
 * by the calls of the library: so they end on would-block, raise no SIGPIPE, and the draining rule
 * is followed in two functions that nothing goes past. Above TLS two things differ: a read may have
 * to write and a write to read, and OpenSSL keeps data of which no event will tell.
 *
 * Try it, after making a certificate, which is one line:
 *          openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
 *              -subj /CN=localhost -keyout key.pem -out cert.pem
 *          ./tls_server 7777 cert.pem key.pem                         Ctrl-C ends it
 *          openssl s_client -connect 127.0.0.1:7777 -CAfile cert.pem  type lines; Q ends it
 */
#define _POSIX_C_SOURCE 200809L /* sigaction */

#include <mio.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONNECTIONS 200
#define MAX_EVENTS 64
#define BUFFER_SIZE 16384 /* one record of TLS holds no more */
#define TURN 16           /* steps of one connection before the others have theirs */
#define RETRY_NS (100 * MIO_NS_PER_MS)
#define MAX_ERRORS 16 /* of accept in a row, then it pauses */

enum phase { HANDSHAKE, ECHO, GOODBYE };

struct connection {
    struct mio_tcp_stream stream; /* a slot is in use while this is registered */
    SSL *ssl;
    struct mio_addr peer;
    enum phase phase;
    uint32_t ready;    /* what events said of the socket and is not used up yet */
    uint32_t waits;    /* the direction without which OpenSSL cannot go on; 0: it can */
    bool unserved;     /* its turn was over before it had to wait */
    bool ended;        /* the end of the stream, with or without a goodbye */
    int error;         /* of the stream */
    size_t begin, end; /* the bytes of buf that wait to be sent */
    unsigned char buf[BUFFER_SIZE];
};

static struct mio_poll poll;
static struct mio_waker stop_waker; /* static: the signal handler uses it */
static struct mio_tcp_listener listener;
static struct mio_event events[MAX_EVENTS];
static size_t event_count;
static struct connection connections[MAX_CONNECTIONS];
static size_t open_connections, unserved_connections, finished, failed;
static bool accept_again; /* connections may wait that could not be accepted */
static BIO_METHOD *stream_method;
static SSL_CTX *context;

static void check(const char *what, int result)
{
    if (result < 0) {
        fprintf(stderr, "tls_server: %s: %s\n", what, mio_strerror(result));
        exit(EXIT_FAILURE);
    }
}

/* For OpenSSL, which keeps the reasons in a queue. */
static void check_ssl(const char *what, bool success)
{
    if (!success) {
        fprintf(stderr, "tls_server: %s failed:\n", what);
        ERR_print_errors_fp(stderr);
        exit(EXIT_FAILURE);
    }
}

/* 127.0.0.1 and the port of an argument. */
static void parse_port(struct mio_addr *addr, const char *port)
{
    char text[MIO_ADDR_TEXT];
    snprintf(text, sizeof text, "127.0.0.1:%s", port);
    if (mio_addr_parse(addr, text) == 0)
        return;
    fprintf(stderr,
            "tls_server: PORT is a number from 0 (the system chooses) to 65535, not \"%s\"\n",
            port);
    exit(EXIT_FAILURE);
}

/* ---- The BIO: what OpenSSL reads from and writes to ------------------------------------------ */

/*
 * A call is made only while the direction is ready. So when OpenSSL says SSL_ERROR_WANT_READ or
 * SSL_ERROR_WANT_WRITE that direction is drained, and its next event is guaranteed. Other results
 * of OpenSSL, however short, say nothing about the socket.
 */
static int stream_read(BIO *bio, char *buf, int len)
{
    struct connection *c = BIO_get_data(bio);
    ptrdiff_t n = -EAGAIN;
    BIO_clear_retry_flags(bio);
    if (len <= 0 || c->ended)
        return 0;
    if (c->ready & MIO_READABLE) {
        n = mio_tcp_stream_read(&c->stream, buf, (size_t)len);
        mio_ready_after(&c->ready, MIO_READABLE, n, (size_t)len);
    }
    if (n == -EAGAIN)
        BIO_set_retry_read(bio);
    else if (n < 0)
        c->error = (int)n;
    c->ended = n == 0;
    return n < 0 ? -1 : (int)n;
}

static int stream_write(BIO *bio, const char *buf, int len)
{
    struct connection *c = BIO_get_data(bio);
    ptrdiff_t n = -EAGAIN;
    BIO_clear_retry_flags(bio);
    if (len <= 0)
        return 0;
    if (c->ready & MIO_WRITABLE) {
        n = mio_tcp_stream_write(&c->stream, buf, (size_t)len);
        mio_ready_after(&c->ready, MIO_WRITABLE, n, (size_t)len);
    }
    if (n == -EAGAIN)
        BIO_set_retry_write(bio);
    else if (n < 0)
        c->error = (int)n;
    return n < 0 ? -1 : (int)n;
}

/* OpenSSL asks for more than this; 0 says that we do not know it (kernel TLS, for one). */
static long stream_ctrl(BIO *bio, int command, long number, void *pointer)
{
    struct connection *c = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_FLUSH) /* nothing is kept here; without this no handshake succeeds */
        return 1;
    return command == BIO_CTRL_EOF && c != NULL && c->ended;
}

static void make_method(void)
{
    stream_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mio_tcp_stream");
    check_ssl("BIO_meth_new", stream_method != NULL);
    BIO_meth_set_read(stream_method, stream_read);
    BIO_meth_set_write(stream_method, stream_write);
    BIO_meth_set_ctrl(stream_method, stream_ctrl);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void make_context(const char *certificate, const char *key)
{
    context = SSL_CTX_new(TLS_server_method());
    check_ssl("SSL_CTX_new", context != NULL);
    check_ssl("TLS 1.2", SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /*
     * A write returns what it took, as that of a socket does, and need not be repeated from the
     * same address. Buffers of OpenSSL that are empty are freed: idle connections are many.
     */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    /* It reads what there is, not first the head of a record and then the rest: half the calls. */
    SSL_CTX_set_read_ahead(context, 1);
    check_ssl(certificate, SSL_CTX_use_certificate_chain_file(context, certificate) == 1);
    check_ssl(key, SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1);
    check_ssl("the key and the certificate", SSL_CTX_check_private_key(context) == 1);
}

/* Gives the connection its TLS; the memory is OpenSSL's. Returns false when there is none left. */
static bool begin_tls(struct connection *c)
{
    BIO *bio = BIO_new(stream_method);
    c->ssl = SSL_new(context);
    if (bio == NULL || c->ssl == NULL) {
        BIO_free(bio); /* NULL is allowed, here and in the next line */
        SSL_free(c->ssl);
        return false;
    }
    BIO_set_data(bio, c);
    SSL_set_bio(c->ssl, bio, bio); /* which owns it from here on */
    SSL_set_accept_state(c->ssl);
    return true;
}

static void disconnect(struct connection *c)
{
    SSL_free(c->ssl);
    mio_tcp_stream_close(&c->stream);
    mio_events_forget(events, event_count, (mio_token)c);
    if (c->unserved)
        unserved_connections--;
    c->unserved = false;
    open_connections--;
}

static struct connection *free_slot(void)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (!mio_source_is_registered(&connections[i].stream.source))
            return &connections[i];
    return NULL;
}

static void accept_all(void)
{
    struct connection *c;
    int errors = 0;
    while ((c = free_slot()) != NULL) {
        memset(c, 0, offsetof(struct connection, buf));
        int error = mio_tcp_listener_accept(&listener, &c->stream, &c->peer);
        if (error == -EAGAIN)
            return;
        if (mio_accept_should_continue(error) && ++errors < MAX_ERRORS)
            continue;
        if (error < 0) /* out of descriptors or memory, as a rule */
            break;
        errors = 0;
        error = begin_tls(c) ? 0 : -ENOMEM;
        if (error == 0) {
            error = mio_register(mio_poll_registry(&poll), &c->stream.source, (mio_token)c,
                                 MIO_READABLE | MIO_WRITABLE);
            if (error < 0)
                SSL_free(c->ssl);
        }
        if (error < 0) { /* this one alone: others may have more luck */
            fprintf(stderr, "tls_server: accepted, but %s\n", mio_strerror(error));
            mio_tcp_stream_close(&c->stream);
            continue;
        }
        open_connections++;
    }
    /* It is not drained, and no event will tell of those who wait. */
    accept_again = true;
}

/* That a peer speaks no TLS, rejects the certificate or goes away is told, and nothing more. */
static void report(const struct connection *c)
{
    static const char *const during[] = {"handshake", "echo", "goodbye"};
    char text[MIO_ADDR_TEXT] = "?";
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (reason == NULL)
        reason = c->error < 0 ? mio_strerror(c->error) : "the stream ended";
    mio_addr_format(&c->peer, text, sizeof text);
    fprintf(stderr, "tls_server: %s: %s: %s\n", text, during[c->phase], reason);
}

/*
 * The step that the phase demands: the handshake, one write or one read of the echo (nothing is
 * read while bytes wait to be sent), or the goodbye. Returns what OpenSSL returned.
 */
static int operate(struct connection *c)
{
    size_t n = 0;
    int result;
    if (c->phase == HANDSHAKE) {
        result = SSL_do_handshake(c->ssl);
        if (result == 1)
            c->phase = ECHO;
    } else if (c->phase == GOODBYE) {
        result = SSL_shutdown(c->ssl); /* the peer has said its own: 1 when ours is sent */
    } else if (c->begin < c->end) {
        result = SSL_write_ex(c->ssl, c->buf + c->begin, c->end - c->begin, &n);
        c->begin += n;
    } else {
        result = SSL_read_ex(c->ssl, c->buf, sizeof c->buf, &n);
        c->begin = 0;
        c->end = n;
    }
    return result;
}

/* Returns false when the connection is over. */
static bool step(struct connection *c)
{
    bool goodbye = c->phase == GOODBYE;
    c->waits = 0;
    ERR_clear_error(); /* SSL_get_error looks at what others left, too */
    int result = operate(c);
    if (result == 1) {
        finished += goodbye;
        return !goodbye;
    }
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        c->waits = MIO_READABLE;
        return true;
    case SSL_ERROR_WANT_WRITE:
        c->waits = MIO_WRITABLE;
        return true;
    case SSL_ERROR_ZERO_RETURN: /* the peer says goodbye; all that it sent has been answered */
        c->phase = GOODBYE;
        return true;
    default: /* OpenSSL has sent an alert if it could, and must not be called again */
        report(c);
        failed++;
        return false;
    }
}

static void serve(struct connection *c)
{
    if (c->unserved)
        unserved_connections--;
    c->unserved = false;
    for (int i = 0; c->waits == 0 || (c->ready & c->waits) != 0; i++) {
        if (i == TURN) {
            /*
             * Others wait. An event tells of the socket alone, and the rest of a record, or more of
             * them, may be inside of OpenSSL already while the socket has nothing to read: so keep
             * it in mind. (SSL_pending tells of the one record, SSL_has_pending of all.)
             */
            c->unserved = true;
            unserved_connections++;
            return;
        }
        if (!step(c)) {
            disconnect(c);
            return;
        }
    }
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void on_signal(int number)
{
    (void)number;
    mio_waker_wake(&stop_waker); /* keeps errno; there is nobody to tell about a failure */
}

static void handle_signals(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    check("SIGINT", sigaction(SIGINT, &action, NULL) == 0 ? 0 : -errno);
    check("SIGTERM", sigaction(SIGTERM, &action, NULL) == 0 ? 0 : -errno);
}

static int64_t timeout(void)
{
    if (unserved_connections > 0)
        return 0;
    /* Without a free slot only a close helps; a descriptor may come from elsewhere. */
    return accept_again && open_connections < MAX_CONNECTIONS ? RETRY_NS : MIO_FOREVER;
}

/* Returns after a signal. A silent peer holds its slot: deadlines.c shows how to end that. */
static void run(void)
{
    for (bool stop = false; !stop;) {
        int count = mio_poll_wait(&poll, events, MAX_EVENTS, timeout());
        if (count == -EINTR)
            continue;
        check("wait", count);
        event_count = (size_t)count;
        for (size_t i = 0; i < event_count; i++) {
            if (events[i].readiness == 0) { /* forgotten by disconnect */
                continue;
            } else if (events[i].token == (mio_token)&stop_waker) {
                stop = true;
            } else if (events[i].token == (mio_token)&listener) {
                accept_all();
            } else {
                struct connection *c = (struct connection *)events[i].token;
                c->ready |= events[i].readiness;
                serve(c);
            }
        }
        event_count = 0;
        for (size_t i = 0; i < MAX_CONNECTIONS && unserved_connections > 0; i++)
            if (connections[i].unserved)
                serve(&connections[i]);
        if (accept_again) {
            accept_again = false;
            accept_all();
        }
    }
}

static void start(struct mio_addr *addr)
{
    /* The end of a handshake and the first answer are writes that must not wait for the peer. */
    const struct mio_listen_options options = {.nodelay = MIO_ON};
    struct mio_registry *registry = mio_poll_registry(&poll);
    char text[MIO_ADDR_TEXT];

    check("poll", mio_poll_init(&poll));
    check("waker", mio_waker_init(&stop_waker, registry, (mio_token)&stop_waker));
    handle_signals(on_signal);
    check("bind", mio_tcp_listener_bind_with(&listener, addr, &options));
    check("register", mio_register(registry, &listener.source, (mio_token)&listener, MIO_READABLE));
    check("address", mio_tcp_listener_local_addr(&listener, addr));
    check("address", mio_addr_format(addr, text, sizeof text));
    printf("listening on %s\n", text);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct mio_addr addr;

    if (argc != 4) {
        fprintf(stderr, "usage: tls_server PORT CERTIFICATE.pem KEY.pem\n");
        return EXIT_FAILURE;
    }
    parse_port(&addr, argv[1]);
    make_method();
    make_context(argv[2], argv[3]);
    start(&addr);
    run();

    size_t cut_off = open_connections;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (mio_source_is_registered(&connections[i].stream.source))
            disconnect(&connections[i]);
    handle_signals(SIG_DFL); /* no wake may run while the waker is closed */
    check("close", mio_tcp_listener_close(&listener));
    check("close", mio_waker_close(&stop_waker));
    check("close", mio_poll_close(&poll));
    SSL_CTX_free(context);
    BIO_meth_free(stream_method);
    printf("stopped: %zu finished, %zu failed, %zu cut off\n", finished, failed, cut_off);
    return EXIT_SUCCESS;
}
