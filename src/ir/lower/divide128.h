/* Division of 128-bit integers by the digits that BPF can divide: 64 bits by 64. No loop, so that the verifier follows each way once. */

/* The next digit, of 32 bits, of (high : next) / divisor, and what is left in *high. The divisor's highest bit is set, and high < divisor.
   The estimate from the divisor's upper half is at most two too large. */
static inline unsigned long __skep_digit(unsigned long *high, unsigned long next, unsigned long divisor) {
  unsigned long upper = divisor >> 32, lower = divisor & 0xffffffff;
  unsigned long digit = *high / upper, rest = *high % upper;
  if (digit >> 32 || digit * lower > (rest << 32 | next)) {
    digit--;
    rest += upper;
    if (rest >> 32 == 0 && (digit >> 32 || digit * lower > (rest << 32 | next))) digit--;
  }
  *high = (*high << 32 | next) - digit * divisor;
  return digit;
}

/* (high : low) / divisor, which fits in 64 bits: high < divisor. */
static inline unsigned long __skep_divide_words(unsigned long high, unsigned long low, unsigned long divisor) {
  int shift = __builtin_clzl(divisor);
  divisor <<= shift;
  high = high << shift | low >> 1 >> (63 - shift);
  low <<= shift;
  unsigned long first = __skep_digit(&high, low >> 32, divisor);
  return first << 32 | __skep_digit(&high, low & 0xffffffff, divisor);
}

/* a / b; 0 when b is 0, as BPF's own division has it. */
static unsigned __int128 __skep_udivti3(unsigned long a_low, unsigned long a_high, unsigned long b_low, unsigned long b_high) {
  if ((b_low | b_high) == 0) return 0;
  unsigned long top = 0, high, low, divisor;
  int shift = 0;
  if (b_high == 0) {
    top = a_high / b_low;
    high = a_high % b_low;
    low = a_low;
    divisor = b_low;
  } else {
    /* Half of a by the upper 64 bits of b: doubled and cut again, the quotient is right or one too large. */
    shift = __builtin_clzl(b_high);
    high = a_high >> 1;
    low = a_high << 63 | a_low >> 1;
    divisor = b_high << shift | b_low >> 1 >> (63 - shift);
  }
  unsigned long quotient = __skep_divide_words(high, low, divisor);
  if (b_high == 0) return (unsigned __int128) top << 64 | quotient;
  quotient >>= 63 - shift;
  if (quotient != 0) quotient--;
  unsigned __int128 a = (unsigned __int128) a_high << 64 | a_low, b = (unsigned __int128) b_high << 64 | b_low;
  return a - b * quotient >= b ? quotient + 1 : quotient;
}
