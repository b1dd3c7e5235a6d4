#include "batch/halving.h"

bool kh_halving_refused(kh_halving *halving, uint32_t records)
{
    halving->limit = records <= 1 ? 1 : records / 2;
    return records == 1;
}

void kh_halving_passed(kh_halving *halving)
{
    halving->limit = halving->limit > halving->most / 2 ? halving->most : halving->limit * 2;
}
