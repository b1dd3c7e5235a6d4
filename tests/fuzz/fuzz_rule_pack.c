/* Any bytes as a rule pack or policy file: read or refused, never a crash; what is read keeps the promises of its
 * header. */
#include <assert.h>

#include "config/rule_file.h"
#include "kakehashi/date.h"
#include "support/plain_heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pack(const kh_rule_pack *pack)
{
    assert(pack->id.length != 0 && pack->arrangement.length != 0);
    assert(pack->sha256.length == 64);
    assert(pack->amends == (pack->effective_from == KH_DAY_NONE));
    assert(!kh_text_equal(pack->participants[0].id, pack->participants[1].id));
    for (uint32_t i = 0; i < pack->table_count; i++) {
        const kh_table *table = &pack->tables[i];
        assert(kh_rule_pack_other(pack, table->from) == kh_rule_pack_participant(pack, table->to));
        for (uint32_t j = 0; j < table->requirement_count; j++) {
            const kh_requirement *row = &table->requirements[j];
            assert(row->equivalence >= KH_EQUIVALENCE_FULL && row->equivalence <= KH_EQUIVALENCE_NONE);
            assert(row->requirement.length != 0 && row->citation.length != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kh_arena arena;
    kh_problems problems;
    kh_rule_file file;
    kh_arena_init(&arena, 65536, &PLAIN_HEAP);
    kh_problems_init(&problems, &arena);
    kh_rc rc = kh_rule_file_read("fuzz", (kh_text){(const char *)data, size}, &problems, &file);
    assert((rc == KH_OK) == (problems.first == NULL));
    if (rc == KH_OK && file.kind == KH_RULE_FILE_PACK) {
        check_pack(&file.is.pack);
    }
    if (rc == KH_OK) {
        kh_rule_book book;
        rc = kh_rule_book_build(&file, 1, &problems, &book);
        assert(rc == KH_E_CONFIGURATION); /* no single file is a whole book */
    }
    kh_arena_deinit(&arena);
    return 0;
}
