/* Memory that outlives a batch: where the programs' arenas get their blocks, and arrays that grow. */
#ifndef KH_APP_HEAP_H
#define KH_APP_HEAP_H

#include <stdbool.h>

#include "kakehashi/arena.h"

/*! malloc and free. Static storage. */
const kh_memory *kh_heap(void);

/*! Room for one more item behind \a count: an array that is full doubles.
 *  \param items  the array, from malloc and for free; NULL: none yet.
 *  \param size   how many it has room for.
 *  \return false when memory is out: all is as it was. */
KH_MUSTCHECK bool kh_heap_grow(void **items, size_t *size, size_t count, size_t item_size);

#endif
