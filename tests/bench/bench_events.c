#include "bench/bench_events.h"

#include <inttypes.h>

#include "kakehashi/date.h"

#define FIRST_INSTANT INT64_C(1780272000000) /* 2026-06-01T00:00:00Z */

static kh_text body_of(kh_arena *arena, uint64_t round, uint64_t label)
{
    char from[KH_DATE_SIZE + 1];
    char until[KH_DATE_SIZE + 1];
    kh_day start = (kh_day)(20574 - label % 300); /* on or before 2026-05-01 */
    kh_day_print(start, from);
    kh_day_print(start + 1100 + (kh_day)round, until);
    const char *category = label % 5 == 0 ? "home-gateway" : "general-iot";
    if (round == 0) {
        return kh_arena_print(
            arena,
            "\"labelIssued\":{\"details\":{\"registrationNumber\":\"R-%06" PRIu64 "\",\"level\":%" PRIu64
            ",\"category\":\"%s\",\"product\":\"Product %" PRIu64 "\",\"maker\":\"Maker %" PRIu64
            "\",\"holder\":\"Holder %" PRIu64 "\",\"models\":[\"M%" PRIu64
            "\"]},\"validity\":{\"validFrom\":\"%s\",\"validUntil\":\"%s\"}}",
            label, 1 + label % 4, category, label, label % 1000, label % 5000, label % 97, from, until);
    }
    switch (round % 4) {
    case 1:
        return kh_arena_print(arena, "\"labelSuspended\":{\"from\":\"%s\",\"reasonCode\":\"R1\"}", from);
    case 2:
        return kh_arena_print(arena, "\"suspensionLifted\":{\"from\":\"%s\"}", from);
    case 3:
        return kh_arena_print(arena, "\"labelRenewed\":{\"validity\":{\"validFrom\":\"%s\",\"validUntil\":\"%s\"}}",
                              from, until);
    default:
        return kh_arena_print(arena,
                              "\"labelAmended\":{\"details\":{\"registrationNumber\":\"R-%06" PRIu64 "-%" PRIu64
                              "\",\"level\":%" PRIu64 ",\"category\":\"%s\",\"product\":\"Product %" PRIu64
                              " mark %" PRIu64 "\",\"maker\":\"Maker %" PRIu64 "\",\"holder\":\"Holder %" PRIu64 "\"}}",
                              label, round, 1 + label % 4, category, label, round, label % 1000, label % 5000);
    }
}

kh_text kh_bench_event_line(kh_arena *arena, uint64_t n, uint64_t labels)
{
    uint64_t label = n % labels;
    uint64_t round = n / labels;
    const char *participant = label % 2 == 0 ? "JP" : "SG";
    char at[KH_INSTANT_SIZE];
    (void)kh_instant_print(FIRST_INSTANT + (kh_instant)n, at);
    return kh_arena_print(arena,
                          "{\"topic\":\"%s.label-events\",\"timestamp\":\"%s\",\"event\":{\"id\":"
                          "\"%08" PRIx64 "-0000-4000-8000-%012" PRIx64
                          "\",\"participant\":\"%s\",\"subject\":\"%s/%06" PRIu64 "\",\"revision\":%" PRIu64
                          ",\"occurredAt\":\"%s\",%.*s}}",
                          label % 2 == 0 ? "jp" : "sg", at, (uint64_t)(n & 0xffffffff), n, participant, participant,
                          label, round + 1, at, KH_TEXT_ARGS(body_of(arena, round, label)));
}
