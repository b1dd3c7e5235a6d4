/* A few pages over HTTP, for those who watch a worker. Carries bytes: what they say is the owner's. */
#ifndef KH_HTTP_SERVER_H
#define KH_HTTP_SERVER_H

#include <stddef.h>
#include <stdio.h>

#include "kakehashi/return_code.h"

typedef struct kh_http kh_http;

/*! A page, made anew for each request. */
typedef struct kh_http_page {
    const char *path; /*!< "/metrics" */
    const char *content_type;
    /*! Writes the page. Called by the server's own thread, one request at a time: it must not wait for long.
     *  \return the HTTP status, 200 or 503. */
    unsigned (*write)(void *self, FILE *out);
} kh_http_page;

/*! Listens, and answers GET and HEAD on a thread of its own. Any other path is 404, any other method 405.
 *  \param listen  "127.0.0.1:9464", "[::1]:9464", or a port alone, which is one of 127.0.0.1; port 0: any free one.
 *  \param pages   borrowed until kh_http_close.
 *  \param self    given to each page.
 *  \param out     untouched unless KH_OK; pairs with kh_http_close.
 *  \param why     set unless KH_OK.
 *  \retval KH_E_CONFIGURATION  no such address here, or the port is taken
 *  \retval KH_E_MEMORY */
KH_MUSTCHECK kh_rc kh_http_open(const char *listen, const kh_http_page *pages, size_t page_count, void *self,
                                kh_http **out, char *why, size_t why_size);

/*! "127.0.0.1:9464": where it listens, the port as the system gave it. */
const char *kh_http_address(const kh_http *http);

/*! Ends what is being answered, and the thread. NULL is fine. */
void kh_http_close(kh_http *http);

#endif
