#include "app/label_case.h"

uint32_t kh_label_arrangements(const kh_rule_book *book, kh_text label, kh_text *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < book->pack_count; i++) {
        const kh_rule_pack *pack = book->packs[i];
        if (!pack->amends && kh_rule_pack_participant(pack, kh_subject_participant(label)) != NULL) {
            out[count++] = pack->arrangement;
        }
    }
    return count;
}

static kh_rc read_facts(const kh_rule_book *book, const kh_fact_source *source, kh_text arrangement, kh_arena *arena,
                        kh_label_case *out)
{
    kh_text subject = kh_arena_print(arena, "arrangement/%.*s", KH_TEXT_ARGS(arrangement));
    kh_rc rc = subject.length == 0 ? KH_E_MEMORY : source->read(source->self, out->label, arena, &out->facts);
    if (rc == KH_OK) {
        rc = source->read(source->self, subject, arena, &out->about);
    }
    if (rc == KH_OK) {
        rc = kh_arrangement_build(book, arrangement, &out->about, arena, &out->arrangement);
    }
    if (rc == KH_OK) {
        kh_text basis = kh_label_basis(&out->arrangement, out->label, &out->facts);
        rc = basis.length == 0 ? KH_OK : source->read(source->self, basis, arena, &out->basis);
    }
    return rc;
}

static kh_rc decide(const kh_label_case *of, kh_instant at, kh_arena *arena, kh_label_decision *out)
{
    return kh_label_decide(&of->arrangement, of->label, &of->facts, &of->basis, at, arena, out);
}

static kh_rc look_ahead(kh_label_case *of, kh_arena *arena)
{
    kh_rc rc = KH_OK;
    kh_instant next = of->decision.due_at;
    while (rc == KH_OK && next != KH_INSTANT_NONE && (of->blocked_from == KH_INSTANT_NONE || next < of->blocked_from)) {
        if (of->coming_count == KH_COMING_MOST) {
            of->coming_more = true;
            return KH_OK;
        }
        kh_coming *coming = &of->coming[of->coming_count++];
        coming->at = next;
        rc = decide(of, next, arena, &coming->decision);
        next = coming->decision.due_at;
    }
    return rc;
}

kh_rc kh_label_case_check_packs(const kh_arrangement *arrangement, kh_instant at, kh_problems *problems,
                                kh_instant *blocked_from)
{
    char from[KH_INSTANT_SIZE];
    const kh_amendment *missing = kh_arrangement_missing_pack(arrangement, blocked_from);
    if (missing == NULL) {
        *blocked_from = KH_INSTANT_NONE;
        return KH_OK;
    }
    if (at < *blocked_from) {
        return KH_OK;
    }
    (void)kh_instant_print(*blocked_from, from);
    kh_problems_add(problems, (kh_place){"rules", 0, 0}, KH_TEXT(""),
                    "both participants consented to the rule pack with SHA-256 %.*s, which takes effect at %s; nothing "
                    "can be decided from then on without it: load it (kakehashi rules load FILE), or give its file in "
                    "the settings' `rules` when deciding offline",
                    KH_TEXT_ARGS(missing->sha256), from);
    return KH_E_CONFIGURATION;
}

static kh_rc check_pack(kh_label_case *of, kh_problems *problems)
{
    kh_rc rc = kh_label_case_check_packs(&of->arrangement, of->at, problems, &of->blocked_from);
    kh_instant ignored = KH_INSTANT_NONE;
    const kh_amendment *missing = kh_arrangement_missing_pack(&of->arrangement, &ignored);
    if (missing != NULL) {
        of->missing_pack_sha256 = missing->sha256;
    }
    return rc;
}

kh_rc kh_label_case_build(const kh_rule_book *book, const kh_fact_source *source, kh_text label, kh_text arrangement,
                          kh_instant at, const kh_instant *otherwise, kh_arena *arena, kh_problems *problems,
                          kh_label_case *out)
{
    *out = (kh_label_case){.label = label};
    kh_rc rc = read_facts(book, source, arrangement, arena, out);
    if (rc != KH_OK) {
        return rc;
    }
    out->at = at != KH_INSTANT_NONE ? at : *otherwise;
    if (out->at == KH_INSTANT_NONE) {
        return KH_E_REFUSED;
    }
    rc = check_pack(out, problems);
    if (rc == KH_OK) {
        rc = decide(out, out->at, arena, &out->decision);
    }
    if (rc == KH_OK) {
        rc = kh_label_explain(&out->arrangement, label, &out->facts, &out->basis, out->at, arena, &out->explanation);
    }
    return rc == KH_OK ? look_ahead(out, arena) : rc;
}
