#include "support/kh_test.h"
int main(void)
{
    return 0;
}
