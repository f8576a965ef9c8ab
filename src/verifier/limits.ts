/** Offsets of pointers stay below this, on both sides (`BPF_MAX_VAR_OFF`). */
export const MAX_OFFSET = 1 << 29
export const MAX_OFFSET_BIG = BigInt(MAX_OFFSET)
