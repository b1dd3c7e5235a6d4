/* Finding the one record that the database refuses: smaller batches until it stands alone. */
#ifndef KAKEHASHI_BATCH_HALVING_H
#define KAKEHASHI_BATCH_HALVING_H

#include <stdbool.h>
#include <stdint.h>

/*! How many records the next batch may take. Caller's storage. */
typedef struct kh_halving {
    uint32_t most;  /*!< what the settings allow */
    uint32_t limit; /*!< at present; equal to `most` when nothing is being looked for */
} kh_halving;

/*! A batch of so many records was refused. \return true when it was a single record: that one is it. */
bool kh_halving_refused(kh_halving *halving, uint32_t records);

/*! A batch went through: the next may be twice as large. */
void kh_halving_passed(kh_halving *halving);

#endif
