#include "cli/explanation_text.h"

#include "cli/obligation_text.h"
#include "cli/words.h"
#include "codec/event_writer.h"

kh_text kh_explanation_participant(kh_language language, const kh_rule_pack *pack, kh_text id, kh_arena *arena)
{
    const kh_participant *participant = kh_rule_pack_participant(pack, id);
    if (participant == NULL) {
        return id;
    }
    kh_filling fillings[] = {{"id", id}, {"authority", participant->authority}};
    return kh_message_fill(language, KH_M_PARTICIPANT, fillings, 2, arena);
}

static kh_text status_home(kh_language language, const kh_status *status, kh_arena *arena)
{
    return kh_explanation_participant(language, status->pack, kh_subject_participant(status->label), arena);
}

kh_text kh_explanation_means(kh_language language, const kh_status *status, kh_arena *arena)
{
    kh_filling fillings[] = {
        {"host", kh_explanation_participant(language, status->pack, status->host, arena)},
        {"home", status_home(language, status, arena)},
        {"level", kh_arena_number(arena, status->recognised_level)},
    };
    kh_message_key key = (kh_message_key)((int)KH_M_MEANS_RECOGNISED + (int)status->outcome - KH_OUTCOME_RECOGNISED);
    return kh_message_fill(language, key, fillings, 3, arena);
}

static kh_text statement_name(kh_body_kind kind, kh_arena *arena)
{
    char name[64];
    kh_event_body_name(kind, name);
    return kh_arena_print(arena, "%s", name);
}

/* The grounds of a measure, by the statement that took it. */
static kh_text grounds(const kh_explanation_text *of, const kh_found *found)
{
    kh_text out = KH_TEXT("");
    const kh_body *body = found->fact_count == 0 ? NULL : &found->facts[0].statement->body;
    for (uint32_t i = 0; body != NULL && i < body->ground_count; i++) {
        out = kh_arena_print(
            of->arena, "%.*s%s%s", KH_TEXT_ARGS(out), i == 0 ? "" : ", ",
            kh_message_word(of->language, KH_M_GROUND_HEALTH_OR_SAFETY, KH_M_GROUND_REQUIREMENTS, body->grounds[i]));
    }
    return out;
}

static kh_text fill_found(const kh_explanation_text *of, kh_message_key key, const kh_found *found)
{
    const kh_status *status = &of->about->decision.status;
    kh_body_kind remedy = kh_finding_remedy(found->kind).body;
    kh_filling fillings[] = {
        {"host", kh_explanation_participant(of->language, status->pack, status->host, of->arena)},
        {"home", status_home(of->language, status, of->arena)},
        {"day", kh_words_day(found->day, "", of->arena)},
        {"name", found->name},
        {"grounds", grounds(of, found)},
        {"statement", remedy == 0 ? KH_TEXT("") : statement_name(remedy, of->arena)},
        {"article", kh_message_article(of->language, KH_TEXT("9"), of->arena)},
    };
    return kh_message_fill(of->language, key, fillings, sizeof fillings / sizeof *fillings, of->arena);
}

kh_text kh_explanation_sentence(const kh_explanation_text *of, const kh_found *found)
{
    kh_message_key key = kh_message_of_finding(found->kind);
    return key == KH_MESSAGE_KEYS ? KH_TEXT("") : fill_found(of, key, found);
}

kh_text kh_explanation_remedy(const kh_explanation_text *of, const kh_found *found)
{
    kh_message_key key = kh_message_of_remedy(found->kind);
    return key == KH_MESSAGE_KEYS ? KH_TEXT("") : fill_found(of, key, found);
}

void kh_explanation_step(const kh_explanation_text *of, uint32_t step, kh_changes *out)
{
    const kh_label_decision *after = &of->about->coming[step].decision;
    const kh_label_decision *before = step == 0 ? &of->about->decision : &of->about->coming[step - 1].decision;
    kh_changes_init(out, of->language, of->arena);
    kh_changes_add_status(out, &before->status, &after->status, false);
    kh_changes_add_obligation(out, before->has_consultation ? &before->consultation : NULL,
                              after->has_consultation ? &after->consultation : NULL);
    kh_changes_add_obligation(out, before->has_notice ? &before->notice : NULL,
                              after->has_notice ? &after->notice : NULL);
}

/* ---- for people ---- */

static void say(kh_language language, kh_message_key key, const kh_filling *fillings, size_t count, kh_arena *arena,
                const char *before, FILE *out)
{
    (void)fprintf(out, "%s%.*s\n", before, KH_TEXT_ARGS(kh_message_fill(language, key, fillings, count, arena)));
}

static void print_title(kh_language language, const kh_status *status, kh_arena *arena, FILE *out)
{
    kh_filling fillings[] = {
        {"label", status->label},
        {"host", kh_explanation_participant(language, status->pack, status->host, arena)},
        {"arrangement", status->pack->arrangement},
        {"pack", status->pack->id},
    };
    say(language, KH_M_TITLE, fillings, 4, arena, "", out);
}

static void print_meaning(kh_language language, const kh_status *status, kh_arena *arena, FILE *out)
{
    kh_filling since = {"since", kh_words_instant(status->since, "", arena)};
    (void)fprintf(out, "\n%.*s\n", KH_TEXT_ARGS(kh_explanation_means(language, status, arena)));
    say(language, status->since == KH_INSTANT_NONE ? KH_M_SINCE_ALWAYS : KH_M_SINCE, &since, 1, arena, "", out);
    if (status->basis.length > 0) {
        kh_filling fillings[] = {
            {"basis", status->basis},
            {"state",
             kh_text_of(kh_message_word(language, KH_M_BASIS_VALID, KH_M_BASIS_EXCLUDED, (int)status->basis_state))},
            {"home", status_home(language, status, arena)},
        };
        say(language, KH_M_DERIVED, fillings, 3, arena, "", out);
    }
}

/* \param told  what has been told already, and need not be again; or NULL. */
static void print_facts(const kh_explanation_text *of, const kh_found *found, const kh_found *told, FILE *out)
{
    for (uint32_t i = 0; i < found->fact_count; i++) {
        const kh_statement *statement = found->facts[i].statement;
        if (told != NULL && told->fact_count > i && told->facts[i].statement == statement) {
            continue;
        }
        kh_instant occurred = statement->occurred_seconds * 1000 + statement->occurred_nanos / 1000000;
        kh_filling fillings[] = {
            {"statement", statement_name(statement->body.kind, of->arena)},
            {"stated_by", found->facts[i].participant},
            {"occurred", kh_words_instant(occurred, "", of->arena)},
            {"revision", kh_arena_number(of->arena, statement->revision)},
            {"event", statement->event_id},
        };
        say(of->language, KH_M_FACT, fillings, 5, of->arena, "       ", out);
    }
}

static void print_change(const kh_explanation_text *of, const kh_finding *finding, FILE *out)
{
    if (finding->changes_at == KH_INSTANT_NONE) {
        return;
    }
    kh_filling fillings[] = {{"at", kh_words_instant(finding->changes_at, "", of->arena)},
                             {"sentence", kh_explanation_sentence(of, &finding->then)}};
    say(of->language, finding->then.kind == KH_FINDING_NONE ? KH_M_CHANGES_AWAY : KH_M_CHANGES, fillings, 2, of->arena,
        "     ", out);
    print_facts(of, &finding->then, &finding->now, out);
}

static void print_finding(const kh_explanation_text *of, const kh_finding *finding, FILE *out)
{
    kh_text article = kh_message_article(of->language, finding->article, of->arena);
    kh_filling remedy = {"sentence", kh_explanation_remedy(of, &finding->now)};
    (void)fprintf(out, "  %u  %s  %.*s%s%.*s%s\n", (unsigned)finding->gate,
                  kh_message(of->language, finding->now.reason == 0 ? KH_M_HOLDS : KH_M_FAILS),
                  KH_TEXT_ARGS(kh_explanation_sentence(of, &finding->now)), article.length == 0 ? "" : " (",
                  KH_TEXT_ARGS(article), article.length == 0 ? "" : ")");
    print_facts(of, &finding->now, NULL, out);
    print_change(of, finding, out);
    if (remedy.text.length > 0) {
        say(of->language, KH_M_REMEDY, &remedy, 1, of->arena, "     ", out);
    }
}

static void print_gates(const kh_explanation_text *of, FILE *out)
{
    const kh_explanation *explanation = &of->about->explanation;
    say(of->language, KH_M_GATES, NULL, 0, of->arena, "\n", out);
    for (uint32_t i = 0; i < explanation->count; i++) {
        if (explanation->findings[i].now.kind != KH_FINDING_NONE) {
            print_finding(of, &explanation->findings[i], out);
        }
    }
    if (explanation->findings[0].now.reason != 0) {
        say(of->language, KH_M_AFTER_ISSUE, NULL, 0, of->arena, "  ", out);
    }
}

static kh_rc print_residual(kh_language language, const kh_status *status, kh_arena *arena, FILE *out)
{
    kh_residual_item *items = NULL;
    uint32_t count = 0;
    kh_rc rc = kh_status_residual(status, arena, &items, &count);
    if (rc != KH_OK || status->outcome != KH_OUTCOME_RECOGNISED) {
        return rc;
    }
    kh_filling heading[] = {
        {"host", kh_explanation_participant(language, status->pack, status->host, arena)},
        {"open", kh_arena_number(arena, kh_status_residual_open(status))},
        {"total", kh_arena_number(arena, count)},
    };
    say(language, KH_M_RESIDUAL, heading, 3, arena, "\n", out);
    for (uint32_t i = 0; i < count; i++) {
        kh_filling row[] = {
            {"equivalence", kh_text_of(kh_message_word(language, KH_M_EQUIVALENCE_FULL, KH_M_EQUIVALENCE_NONE,
                                                       (int)items[i].equivalence))},
            {"need", kh_text_of(kh_message_word(language, KH_M_NEED_NONE, KH_M_NEED_TRANSLATION, (int)items[i].need))},
        };
        kh_text told = kh_message_fill(language, KH_M_RESIDUAL_ROW, row, 2, arena);
        (void)fprintf(out, "  %-12.*s  %.*s\n", KH_TEXT_ARGS(items[i].citation), KH_TEXT_ARGS(told));
    }
    for (uint32_t i = 0; i < status->translation_count; i++) {
        kh_filling row[] = {{"name", status->translations[i]},
                            {"article", kh_message_article(language, KH_TEXT("4.4"), arena)}};
        say(language, KH_M_TRANSLATE, row, 2, arena, "  ", out);
    }
    return KH_OK;
}

static void print_obligation(const kh_explanation_text *of, const kh_obligation *obligation, FILE *out)
{
    kh_obligation_case as_of_then = {.result = {.obligation = obligation}, .state = obligation->state};
    kh_text state = kh_obligation_state_word(of->language, &as_of_then);
    (void)fprintf(out, "  %.*s\n", KH_TEXT_ARGS(kh_obligation_sentence(of->language, obligation, state, of->arena)));
}

static void print_obligations(const kh_explanation_text *of, FILE *out)
{
    const kh_label_decision *decision = &of->about->decision;
    if (decision->has_consultation || decision->has_notice) {
        say(of->language, KH_M_OBLIGATIONS, NULL, 0, of->arena, "\n", out);
    }
    if (decision->has_consultation) {
        print_obligation(of, &decision->consultation, out);
    }
    if (decision->has_notice) {
        print_obligation(of, &decision->notice, out);
    }
}

static void print_coming(const kh_explanation_text *of, FILE *out)
{
    const kh_label_case *about = of->about;
    say(of->language, KH_M_NEXT, NULL, 0, of->arena, "\n", out);
    for (uint32_t i = 0; i < about->coming_count; i++) {
        kh_changes changes;
        kh_text at = kh_words_instant(about->coming[i].at, "", of->arena);
        kh_explanation_step(of, i, &changes);
        for (uint32_t j = 0; j < changes.count; j++) {
            kh_text told = kh_change_told(&changes, &changes.items[j]);
            (void)fprintf(out, "  %-24.*s  %.*s\n", j == 0 ? (int)at.length : 0, at.data, KH_TEXT_ARGS(told));
        }
    }
    if (about->coming_more) {
        say(of->language, KH_M_NEXT_MORE, NULL, 0, of->arena, "  ", out);
    }
    if (about->blocked_from != KH_INSTANT_NONE) {
        kh_filling fillings[] = {{"at", kh_words_instant(about->blocked_from, "", of->arena)},
                                 {"name", about->missing_pack_sha256}};
        say(of->language, KH_M_NEXT_BLOCKED, fillings, 2, of->arena, "  ", out);
    } else if (about->coming_count == 0) {
        say(of->language, KH_M_NEXT_NOTHING, NULL, 0, of->arena, "  ", out);
    }
}

static void print_caveats(const kh_explanation_text *of, FILE *out)
{
    if (of->refused > 0) {
        kh_filling count = {"count", kh_arena_number(of->arena, of->refused)};
        say(of->language, KH_M_REFUSED_RECORDS, &count, 1, of->arena, "", out);
    }
    if (of->published != NULL) {
        kh_filling fillings[] = {{"version", kh_arena_number(of->arena, of->published->version)},
                                 {"outcome", kh_status_standing(of->language, of->published->status, of->arena)}};
        say(of->language, KH_M_OLDER_DECISION, fillings, 2, of->arena, "", out);
    }
}

static kh_rc finish(kh_rc rc, const kh_arena *arena, FILE *out)
{
    if (rc == KH_OK && kh_arena_failed(arena)) {
        return KH_E_MEMORY;
    }
    return rc == KH_OK && ferror(out) != 0 ? KH_E_LOST : rc;
}

kh_rc kh_explanation_text_print(const kh_explanation_text *of, FILE *out)
{
    const kh_status *status = &of->about->decision.status;
    kh_filling fillings[] = {{"at", kh_words_instant(of->about->at, "", of->arena)},
                             {"known", kh_words_instant(of->known_at, "", of->arena)}};
    print_title(of->language, status, of->arena, out);
    say(of->language, of->known_by, fillings, 2, of->arena, "", out);
    print_meaning(of->language, status, of->arena, out);
    print_caveats(of, out);
    print_gates(of, out);
    kh_rc rc = print_residual(of->language, status, of->arena, out);
    print_obligations(of, out);
    print_coming(of, out);
    return finish(rc, of->arena, out);
}

/* ---- a past decision ---- */

static void print_cause(kh_language language, const kh_cause *cause, kh_arena *arena, FILE *out)
{
    kh_filling fillings[] = {
        {"trigger",
         kh_text_of(kh_message_word(language, KH_M_TRIGGER_EVENT, KH_M_TRIGGER_ARRANGEMENT, (int)cause->trigger))},
        {"topic", cause->topic},
        {"partition", kh_arena_number(arena, cause->partition)},
        {"offset", kh_arena_number(arena, cause->offset)},
        {"event", cause->event_id},
    };
    say(language, cause->topic.length == 0 ? KH_M_CAUSE_OTHER : KH_M_CAUSE_EVENT, fillings, 5, arena, "", out);
}

static void print_failed_gates(kh_language language, const kh_status *status, kh_arena *arena, FILE *out)
{
    kh_reason reasons[KH_REASON_COUNT];
    uint32_t count = kh_status_reasons(status, reasons);
    if (count > 0) {
        say(language, KH_M_GATES_STOOD, NULL, 0, arena, "\n", out);
    }
    for (uint32_t i = 0; i < count; i++) {
        kh_text article = kh_message_article(language, kh_reason_article(reasons[i]), arena);
        (void)fprintf(
            out, "  %s%s%.*s%s\n",
            kh_message_word(language, KH_M_REASON_ISSUE_UNKNOWN, KH_M_REASON_UNDER_CONSULTATION, (int)reasons[i]),
            article.length == 0 ? "" : " (", KH_TEXT_ARGS(article), article.length == 0 ? "" : ")");
    }
}

kh_rc kh_stood_text_print(kh_language language, const kh_history_entry *entry, kh_instant known_at, kh_arena *arena,
                          FILE *out)
{
    const kh_status *status = entry->result.status;
    kh_filling fillings[] = {
        {"known", kh_words_instant(known_at, "", arena)},
        {"decided", kh_words_instant(entry->result.decided_at, "", arena)},
        {"recorded", kh_words_instant(entry->recorded_at, "", arena)},
        {"at", kh_words_instant(status->next_change_at, "", arena)},
    };
    print_title(language, status, arena, out);
    say(language, KH_M_STOOD, fillings, 4, arena, "", out);
    print_meaning(language, status, arena, out);
    print_cause(language, &entry->result.cause, arena, out);
    print_failed_gates(language, status, arena, out);
    kh_rc rc = print_residual(language, status, arena, out);
    say(language, status->next_change_at == KH_INSTANT_NONE ? KH_M_NEXT_STOOD_NOTHING : KH_M_NEXT_STOOD, fillings, 4,
        arena, "\n", out);
    say(language, KH_M_STOOD_NO_FACTS, fillings, 4, arena, "", out);
    return finish(rc, arena, out);
}
