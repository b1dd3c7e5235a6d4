/* Where the programs' arenas get their blocks. */
#ifndef KH_APP_HEAP_H
#define KH_APP_HEAP_H

#include "kakehashi/arena.h"

/*! malloc and free. Static storage. */
const kh_memory *kh_heap(void);

#endif
