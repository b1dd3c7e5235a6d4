#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kh_test.h"

typedef struct fixture {
    kh_http *http;
    unsigned status;
    size_t length; /* of the page */
    char answer[1 << 17];
} fixture;

static unsigned write_page(void *self, FILE *out)
{
    const fixture *fx = self;
    for (size_t i = 0; i < fx->length; i++) {
        (void)fputc('a' + (int)(i % 26), out);
    }
    return fx->status;
}

static const kh_http_page pages[] = {{"/metrics", "text/plain; version=0.0.4", write_page},
                                     {"/readyz", "text/plain; charset=utf-8", write_page}};

static int setup(void **state)
{
    char why[200] = "";
    fixture *fx = calloc(1, sizeof *fx);
    assert_non_null(fx);
    fx->status = 200;
    fx->length = 5;
    assert_rc(kh_http_open("127.0.0.1:0", pages, 2, fx, &fx->http, why, sizeof why), KH_OK);
    assert_string_equal(why, "");
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    fixture *fx = *state;
    kh_http_close(fx->http);
    free(fx);
    return 0;
}

static int connect_to(const fixture *fx)
{
    const char *colon = strrchr(kh_http_address(fx->http), ':');
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(client >= 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
    return client;
}

/* Sends the first lines of a request, and reads until the server hangs up. */
static const char *ask(fixture *fx, const char *request)
{
    char text[512];
    int client = connect_to(fx);
    int length = snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", request);
    assert_int_equal(write(client, text, (size_t)length), length);
    size_t used = 0;
    ssize_t got = 0;
    while ((got = read(client, fx->answer + used, sizeof fx->answer - 1 - used)) > 0) {
        used += (size_t)got;
    }
    fx->answer[used] = '\0';
    (void)close(client);
    return fx->answer;
}

static const char *body_of(const char *answer)
{
    const char *blank = strstr(answer, "\r\n\r\n");
    assert_non_null(blank);
    return blank + 4;
}

static void a_page_is_made_for_each_request(void **state)
{
    fixture *fx = *state;
    assert_memory_equal(kh_http_address(fx->http), "127.0.0.1:", 10);
    assert_memory_equal(ask(fx, "GET /metrics"), "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(fx->answer, "Content-Type: text/plain; version=0.0.4\r\n"));
    assert_string_equal(body_of(fx->answer), "abcde");
    fx->status = 503;
    fx->length = 0;
    assert_memory_equal(ask(fx, "GET /readyz"), "HTTP/1.1 503 ", 13);
    assert_non_null(strstr(fx->answer, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_string_equal(body_of(fx->answer), "");
}

static void a_large_page_arrives_whole(void **state)
{
    fixture *fx = *state;
    fx->length = 100000;
    const char *body = body_of(ask(fx, "GET /metrics"));
    assert_int_equal(strlen(body), 100000);
    assert_int_equal(body[99999], 'a' + 99999 % 26);
}

static void what_is_not_a_page(void **state)
{
    fixture *fx = *state;
    assert_memory_equal(ask(fx, "GET /"), "HTTP/1.1 404 ", 13);
    assert_memory_equal(ask(fx, "GET /metrics/"), "HTTP/1.1 404 ", 13);
    assert_memory_equal(ask(fx, "GET /metric"), "HTTP/1.1 404 ", 13);
    assert_memory_equal(ask(fx, "POST /metrics"), "HTTP/1.1 405 ", 13);
    assert_non_null(strstr(fx->answer, "Allow: GET, HEAD\r\n"));
    assert_memory_equal(ask(fx, "DELETE /readyz"), "HTTP/1.1 405 ", 13);
}

static void a_head_has_no_body(void **state)
{
    fixture *fx = *state;
    assert_memory_equal(ask(fx, "HEAD /metrics"), "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(fx->answer, "Content-Length: 5\r\n"));
    assert_string_equal(body_of(fx->answer), "");
}

static void a_query_is_no_part_of_the_path(void **state)
{
    fixture *fx = *state;
    assert_memory_equal(ask(fx, "GET /metrics?name=x"), "HTTP/1.1 200 ", 13);
}

/* Somebody who connects and says nothing keeps nobody waiting. */
static void a_silent_client_is_not_waited_for(void **state)
{
    fixture *fx = *state;
    int silent = connect_to(fx);
    assert_memory_equal(ask(fx, "GET /metrics"), "HTTP/1.1 200 ", 13);
    (void)close(silent);
}

static void where_it_cannot_listen(void **state)
{
    fixture *fx = *state;
    kh_http *second = NULL;
    char why[200] = "";
    assert_rc(kh_http_open(kh_http_address(fx->http), pages, 2, fx, &second, why, sizeof why), KH_E_CONFIGURATION);
    assert_non_null(strstr(why, kh_http_address(fx->http)));
    assert_non_null(strstr(why, "in use"));
    assert_rc(kh_http_open("192.0.2.1:0", pages, 2, fx, &second, why, sizeof why), KH_E_CONFIGURATION);
    assert_non_null(strstr(why, "cannot listen on 192.0.2.1:0: "));
    assert_rc(kh_http_open("localhost:0", pages, 2, fx, &second, why, sizeof why), KH_E_CONFIGURATION);
    char tall[200];
    memset(tall, '1', sizeof tall);
    (void)snprintf(tall + 190, 10, ":80");
    assert_rc(kh_http_open(tall, pages, 2, fx, &second, why, sizeof why), KH_E_CONFIGURATION);
    assert_null(second);
}

static void a_port_alone_is_on_loopback(void **state)
{
    fixture *fx = *state;
    kh_http *second = NULL;
    char why[200] = "";
    assert_rc(kh_http_open("0", pages, 2, fx, &second, why, sizeof why), KH_OK);
    assert_memory_equal(kh_http_address(second), "127.0.0.1:", 10);
    assert_string_not_equal(kh_http_address(second), kh_http_address(fx->http));
    kh_http_close(second);
    kh_http_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_made_for_each_request, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_page_arrives_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_a_page, setup, teardown),
        cmocka_unit_test_setup_teardown(a_head_has_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_query_is_no_part_of_the_path, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_client_is_not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(where_it_cannot_listen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_port_alone_is_on_loopback, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
