#include "http/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Enough for a few collectors and probes; more wait in the queue. */
#define CONNECTIONS_MOST   16
#define CONNECTION_SECONDS 10
#define QUEUE              16

struct kh_http {
    struct MHD_Daemon *daemon;
    const kh_http_page *pages;
    size_t page_count;
    void *self;
    char address[80];
};

/* ---- answering ---- */

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
    enum MHD_Result sent = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result send_page(const kh_http *http, struct MHD_Connection *connection, const kh_http_page *page)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    if (out == NULL) {
        return MHD_NO;
    }
    unsigned status = page->write(http->self, out);
    bool written = ferror(out) == 0;
    written = fclose(out) == 0 && written;
    struct MHD_Response *response =
        written ? MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE) : NULL;
    if (response == NULL) {
        free(bytes);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->content_type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result sent = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result answer(void *self, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request)
{
    const kh_http *http = self;
    (void)version;
    (void)upload;
    *upload_size = 0; /* what a client sends is passed over */
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    for (size_t i = 0; i < http->page_count; i++) {
        if (strcmp(http->pages[i].path, url) == 0) {
            return send_page(http, connection, &http->pages[i]);
        }
    }
    return send_text(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
}

/* A client that goes away is no news. */
static void ignore_log(void *self, const char *format, va_list arguments)
{
    (void)self;
    (void)format;
    (void)arguments;
}

/* ---- listening ---- */

static kh_rc refuse(const char *listen_on, const char *text, char *why, size_t why_size)
{
    (void)snprintf(why, why_size, "cannot listen on %s: %s", listen_on, text);
    return KH_E_CONFIGURATION;
}

/* "[::1]:9464" as host and port; a port alone has the loopback address. */
static kh_rc resolve(const char *listen_on, struct addrinfo **out, char *why, size_t why_size)
{
    char host[64] = "127.0.0.1";
    const char *colon = strrchr(listen_on, ':');
    const char *port = colon == NULL ? listen_on : colon + 1;
    if (colon != NULL) {
        bool brackets = listen_on[0] == '[' && colon > listen_on && colon[-1] == ']';
        const char *begin = listen_on + (brackets ? 1 : 0);
        size_t length = (size_t)(colon - begin) - (brackets ? 1 : 0);
        if (length >= sizeof host) {
            return refuse(listen_on, "no address is that long", why, why_size);
        }
        memcpy(host, begin, length);
        host[length] = '\0';
    }
    struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    int failed = getaddrinfo(host, port, &wanted, out);
    return failed == 0 ? KH_OK : refuse(listen_on, gai_strerror(failed), why, why_size);
}

static int open_socket(const struct addrinfo *address)
{
    int on = 1;
    int bound = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bound < 0) {
        return -1;
    }
    /* A worker that is started again need not wait until the old connections are forgotten. */
    (void)setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(bound, address->ai_addr, address->ai_addrlen) != 0 || listen(bound, QUEUE) != 0) {
        int code = errno;
        (void)close(bound);
        errno = code;
        return -1;
    }
    return bound;
}

static void name_address(kh_http *http, int bound)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    char host[64] = "?";
    char port[8] = "?";
    if (getsockname(bound, (struct sockaddr *)&at, &size) == 0) {
        (void)getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    }
    bool colons = strchr(host, ':') != NULL;
    (void)snprintf(http->address, sizeof http->address, colons ? "[%s]:%s" : "%s:%s", host, port);
}

static kh_rc start(kh_http *http, const char *listen_on, char *why, size_t why_size)
{
    struct addrinfo *address = NULL;
    kh_rc rc = resolve(listen_on, &address, why, why_size);
    if (rc != KH_OK) {
        return rc;
    }
    int bound = open_socket(address);
    freeaddrinfo(address);
    if (bound < 0) {
        return refuse(listen_on, strerror(errno), why, why_size);
    }
    name_address(http, bound);
    http->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                                    answer, http, MHD_OPTION_LISTEN_SOCKET, bound, MHD_OPTION_EXTERNAL_LOGGER,
                                    ignore_log, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                                    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS, MHD_OPTION_END);
    if (http->daemon == NULL) {
        (void)close(bound);
        return refuse(listen_on, "the server does not start", why, why_size);
    }
    return KH_OK;
}

kh_rc kh_http_open(const char *listen, const kh_http_page *pages, size_t page_count, void *self, kh_http **out,
                   char *why, size_t why_size)
{
    kh_http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return KH_E_MEMORY;
    }
    http->pages = pages;
    http->page_count = page_count;
    http->self = self;
    kh_rc rc = start(http, listen, why, why_size);
    if (rc != KH_OK) {
        free(http);
        return rc;
    }
    *out = http;
    return KH_OK;
}

const char *kh_http_address(const kh_http *http)
{
    return http->address;
}

void kh_http_close(kh_http *http)
{
    if (http != NULL) {
        MHD_stop_daemon(http->daemon);
        free(http);
    }
}
