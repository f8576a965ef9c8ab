import { returns } from "../../../tests/support/runC.ts"

/** What C leaves open is as BPF has it for 64 bits; a volatile hides the operands from the compiler. */
const before = `typedef unsigned __int128 u128; typedef __int128 s128;
static volatile u128 zero; static volatile u128 number = (u128) 7 << 64 | 9; static volatile s128 minus = -1;
static volatile s128 smallest = (s128) 1 << 127;`

returns("u128 q = number / zero; return q == 0;", 1, { before })
returns("u128 r = number % zero; return r == ((u128) 7 << 64 | 9);", 1, { before })
returns("s128 q = smallest / (s128) zero; return q == 0;", 1, { before })
returns("s128 r = minus % (s128) zero; return r == -1;", 1, { before })
returns("s128 q = smallest / minus; return q == (s128) 1 << 127;", 1, { before })
returns("s128 r = smallest % minus; return r == 0;", 1, { before })
returns("u128 q = number / 10, r = number % 10; return q * 10 + r == number && r < 10;", 1, { before })
