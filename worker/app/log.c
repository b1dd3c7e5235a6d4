#include "app/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "codec/quote.h"

#define LINE_SIZE        2048
#define LIMIT_FIRST_MS   1000
#define LIMIT_LONGEST_MS 600000

static kh_log_level least = KH_LOG_INFO;
static kh_log_format shape = KH_LOG_TEXT;

void kh_log_configure(kh_log_level level, kh_log_format format)
{
    least = level;
    shape = format;
}

int64_t kh_monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool kh_log_allows(kh_log_limit *limit, uint64_t *held_back)
{
    int64_t now = kh_monotonic_ms();
    if (now < limit->next_ms) {
        limit->held_back++;
        return false;
    }
    *held_back = limit->held_back;
    limit->held_back = 0;
    bool quiet = now - limit->next_ms > limit->pause_ms;
    limit->pause_ms = quiet || limit->pause_ms == 0            ? LIMIT_FIRST_MS
                      : limit->pause_ms * 2 < LIMIT_LONGEST_MS ? limit->pause_ms * 2
                                                               : LIMIT_LONGEST_MS;
    limit->next_ms = now + limit->pause_ms;
    return true;
}

static const char *level_name(kh_log_level level)
{
    switch (level) {
    case KH_LOG_ERROR:
        return "error";
    case KH_LOG_WARNING:
        return "warning";
    case KH_LOG_INFO:
        return "info";
    case KH_LOG_DEBUG:
        return "debug";
    }
    return "?";
}

/* One character off the text; what is not UTF-8 (a message that was cut, another's encoding) is shown as "?". */
static kh_text next_character(kh_text *rest, uint32_t *out)
{
    size_t length = kh_utf8_next(*rest, out);
    kh_text character = {rest->data, length};
    if (length == 0) {
        *out = '?';
        character = KH_TEXT("?");
        length = 1;
    }
    rest->data += length;
    rest->length -= length;
    return character;
}

/* JSON's escapes, or for people a blank for each control character: a line stays a line. */
static void clean(kh_text text, kh_log_format format, char *out, size_t size)
{
    size_t used = 0;
    while (text.length > 0 && used + 8 < size) {
        uint32_t code = 0;
        kh_text character = next_character(&text, &code);
        if (format == KH_LOG_JSON && (code == '"' || code == '\\')) {
            out[used++] = '\\';
            out[used++] = (char)code;
        } else if (format == KH_LOG_JSON && code < 0x20) {
            used += (size_t)snprintf(out + used, size - used, "\\u%04x", code);
        } else if (format == KH_LOG_TEXT && kh_is_control(code)) {
            out[used++] = ' ';
        } else {
            memcpy(out + used, character.data, character.length);
            used += character.length;
        }
    }
    out[used] = '\0';
}

void kh_log(kh_log_level level, const char *event, const char *format, ...)
{
    if (level > least) {
        return;
    }
    char text[LINE_SIZE];
    char when[32];
    char time[48];
    struct timespec now;
    struct tm utc;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(time, sizeof time, "%s.%03ldZ", when, now.tv_nsec / 1000000);
    char cleaned[LINE_SIZE * 2];
    clean(kh_text_of(text), shape, cleaned, sizeof cleaned);
    if (shape == KH_LOG_JSON) { /* one call, so that the lines of two threads do not mix */
        (void)fprintf(stderr, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"%s\"}\n", time,
                      level_name(level), event, cleaned);
    } else {
        (void)fprintf(stderr, "%s %-7s %s: %s\n", time, level_name(level), event, cleaned);
    }
}
