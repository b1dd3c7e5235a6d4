#include "app/preview.h"

#include "app/heap.h"
#include "app/label_case.h"

/* An arrangement by both books. */
typedef struct side {
    const kh_rule_book *book;
    kh_arrangement arrangement;
    bool exists;
} side;

typedef struct pair {
    kh_text id;
    kh_facts facts;
    side now;
    side then;
} pair;

typedef struct previewing {
    kh_catalog_view *view;
    const kh_preview_question *question;
    const kh_preview_report *report;
    kh_preview_counts *counts;
    kh_rule_book then;
    kh_arena arena; /* arrangements */
    pair *pairs;    /* filled as labels need them */
    uint32_t pair_count;
    kh_text *arrangements; /* of the label at hand */
} previewing;

bool kh_preview_is_formal_kind(kh_difference_kind kind)
{
    return kind == KH_DIFFERENCE_PACK || kind == KH_DIFFERENCE_SINCE || kind == KH_DIFFERENCE_PUBLIC;
}

static bool is_formal(const kh_differences *differences)
{
    for (uint32_t i = 0; i < differences->count; i++) {
        if (!kh_preview_is_formal_kind(differences->items[i].kind)) {
            return false;
        }
    }
    return true;
}

kh_rc kh_preview_put_in_force(kh_arrangement *of, const kh_rule_file *files, uint32_t count, kh_day from,
                              kh_arena *arena)
{
    kh_amendment *list = kh_arena_allocate_array(arena, (size_t)of->amendment_count + count, sizeof *list);
    uint32_t used = 0;
    uint32_t next = 0;
    if (list == NULL) {
        return KH_E_MEMORY;
    }
    while (next < of->amendment_count && of->amendments[next].effective_on <= from) {
        list[used++] = of->amendments[next++];
    }
    for (uint32_t i = 0; i < count; i++) {
        if (files[i].kind == KH_RULE_FILE_PACK && files[i].is.pack.amends &&
            kh_text_equal(files[i].arrangement, of->id)) {
            list[used++] = (kh_amendment){.effective_on = from, .sha256 = files[i].sha256, .pack = &files[i].is.pack};
        }
    }
    while (next < of->amendment_count) {
        list[used++] = of->amendments[next++];
    }
    of->amendments = list;
    of->amendment_count = used;
    return KH_OK;
}

static kh_day day_in_force(const kh_preview_question *question, const kh_rule_pack *pack)
{
    kh_day one = kh_instant_day(question->at, pack->participants[0].utc_offset_minutes);
    kh_day other = kh_instant_day(question->at, pack->participants[1].utc_offset_minutes);
    return question->from != KH_DAY_NONE ? question->from : one < other ? one : other;
}

static kh_rc build_side(previewing *of, const kh_rule_book *book, pair *to, side *out)
{
    out->book = book;
    out->exists = kh_rule_book_first_pack(book, to->id) != NULL;
    return out->exists ? kh_arrangement_build(book, to->id, &to->facts, &of->arena, &out->arrangement) : KH_OK;
}

static kh_rc build_pair(previewing *of, kh_text id, pair *out)
{
    const kh_preview_question *question = of->question;
    kh_fact_source source = kh_catalog_view_facts(of->view);
    kh_text subject = kh_arena_print(&of->arena, "arrangement/%.*s", KH_TEXT_ARGS(id));
    *out = (pair){.id = id};
    kh_rc rc = subject.length == 0 ? KH_E_MEMORY : source.read(source.self, subject, &of->arena, &out->facts);
    if (rc == KH_OK) {
        rc = build_side(of, kh_catalog_view_book(of->view), out, &out->now);
    }
    if (rc == KH_OK) {
        rc = build_side(of, &of->then, out, &out->then);
    }
    if (rc == KH_OK && out->now.exists) {
        kh_instant blocked_from = KH_INSTANT_NONE;
        rc = kh_label_case_check_packs(&out->now.arrangement, question->at, kh_catalog_view_problems(of->view),
                                       &blocked_from);
    }
    if (rc == KH_OK && out->then.exists) {
        rc = kh_preview_put_in_force(&out->then.arrangement, question->files, question->file_count,
                                     day_in_force(question, out->then.arrangement.first_pack), &of->arena);
    }
    return rc;
}

static kh_rc find_pair(previewing *of, kh_text id, const pair **out)
{
    for (uint32_t i = 0; i < of->pair_count; i++) {
        if (kh_text_equal(of->pairs[i].id, id)) {
            *out = &of->pairs[i];
            return KH_OK;
        }
    }
    kh_rc rc = build_pair(of, id, &of->pairs[of->pair_count]);
    *out = &of->pairs[of->pair_count];
    of->pair_count += rc == KH_OK;
    return rc;
}

/* Counts what is different, and tells it. */
static kh_rc tell(previewing *of, kh_preview_change *change)
{
    kh_differences found = {.count = 0};
    kh_differences_add_status(&found, change->was, change->will_be);
    for (int i = 0; i < 2; i++) {
        kh_differences_add_obligation(&found, change->obligations_were[i], change->obligations_will_be[i]);
    }
    for (uint32_t i = 0; i < found.count; i++) {
        kh_difference_tally_add(&of->counts->tally, &found.items[i]);
    }
    if (is_formal(&found)) {
        of->counts->formal += found.count > 0;
        return KH_OK;
    }
    of->counts->changed++;
    change->differences = &found;
    return of->report->change(of->report->self, change);
}

typedef struct subject {
    kh_text key;
    const kh_facts *facts;
    kh_facts basis;
    kh_arena *arena;
} subject;

static kh_rc decide(const previewing *of, const side *by, const subject *label, kh_label_decision *out)
{
    return by->exists ? kh_label_decide(&by->arrangement, label->key, label->facts, &label->basis, of->question->at,
                                        label->arena, out)
                      : KH_OK;
}

static kh_rc compare_towards(previewing *of, subject *label, const pair *by)
{
    kh_label_decision now = {.has_notice = false};
    kh_label_decision then = {.has_notice = false};
    kh_fact_source source = kh_catalog_view_facts(of->view);
    kh_text basis = kh_label_basis(&by->then.arrangement, label->key, label->facts);
    label->basis = (kh_facts){0};
    kh_rc rc = basis.length == 0 ? KH_OK : source.read(source.self, basis, label->arena, &label->basis);
    if (rc == KH_OK) {
        rc = decide(of, &by->now, label, &now);
    }
    if (rc == KH_OK) {
        rc = decide(of, &by->then, label, &then);
    }
    if (rc != KH_OK) {
        return rc;
    }
    kh_preview_change change = {
        .key = kh_arena_print(label->arena, "%.*s@%.*s", KH_TEXT_ARGS(label->key), KH_TEXT_ARGS(then.status.host)),
        .was = by->now.exists ? &now.status : NULL,
        .will_be = &then.status,
        .obligations_were = {now.has_consultation ? &now.consultation : NULL, now.has_notice ? &now.notice : NULL},
        .obligations_will_be = {then.has_consultation ? &then.consultation : NULL,
                                then.has_notice ? &then.notice : NULL},
    };
    of->counts->decided++;
    if (of->counts->decided % 1000 == 0) {
        of->report->progress(of->report->self, of->counts->decided);
    }
    return kh_arena_failed(label->arena) ? KH_E_MEMORY : tell(of, &change);
}

static kh_rc visit(void *self, kh_text key, const kh_facts *facts, kh_arena *arena)
{
    previewing *of = self;
    subject label = {.key = key, .facts = facts, .arena = arena};
    kh_rc rc = KH_OK;
    if (kh_subject_arrangement(key).length > 0) {
        return KH_OK; /* what is owed under arrangements comes at the end */
    }
    uint32_t count = kh_label_arrangements(&of->then, key, of->arrangements);
    for (uint32_t i = 0; rc == KH_OK && i < count; i++) {
        const pair *by = NULL;
        rc = find_pair(of, of->arrangements[i], &by);
        if (rc == KH_OK) {
            rc = compare_towards(of, &label, by);
        }
    }
    return rc;
}

static kh_rc compare_consultations(previewing *of)
{
    kh_rc rc = KH_OK;
    for (uint32_t i = 0; rc == KH_OK && i < of->pair_count; i++) {
        const pair *by = &of->pairs[i];
        kh_obligation owed[2];
        bool arises[2] = {false, false};
        kh_instant due_at = KH_INSTANT_NONE;
        if (by->now.exists) {
            kh_arrangement_decide(&by->now.arrangement, of->question->at, &arises[0], &owed[0], &due_at);
        }
        kh_arrangement_decide(&by->then.arrangement, of->question->at, &arises[1], &owed[1], &due_at);
        kh_preview_change change = {
            .key = kh_arena_print(&of->arena, "YEARLY_CONSULTATION/%.*s", KH_TEXT_ARGS(by->id)),
            .obligations_were = {arises[0] ? &owed[0] : NULL, NULL},
            .obligations_will_be = {arises[1] ? &owed[1] : NULL, NULL},
        };
        rc = kh_arena_failed(&of->arena) ? KH_E_MEMORY : tell(of, &change);
    }
    return rc;
}

kh_rc kh_preview_run(kh_catalog_view *view, const kh_preview_question *question, const kh_preview_report *report,
                     kh_preview_counts *counts)
{
    previewing of = {.view = view, .question = question, .report = report, .counts = counts};
    kh_arena_init(&of.arena, 65536, kh_heap());
    kh_rc rc = kh_catalog_view_book_with(view, question->files, question->file_count, &of.then);
    if (rc == KH_OK) {
        of.pairs = kh_arena_allocate_array(&of.arena, of.then.pack_count, sizeof *of.pairs);
        of.arrangements = kh_arena_allocate_array(&of.arena, of.then.pack_count, sizeof *of.arrangements);
        rc = of.pairs == NULL || of.arrangements == NULL ? KH_E_MEMORY : KH_OK;
    }
    if (rc == KH_OK) {
        rc = kh_catalog_view_subjects(view, visit, &of);
    }
    if (rc == KH_OK) {
        rc = compare_consultations(&of);
    }
    kh_arena_deinit(&of.arena);
    return rc;
}
