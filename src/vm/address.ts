/**
 * Addresses as programs see them: 64 bits, of which the low word is the offset in the machine's linear memory, and the high word says whose memory it
 * is. Words are signed 32-bit numbers, as WebAssembly hands them to JavaScript. Memory ends below 2 GiB, so that a low word is never negative.
 */

/** High word of addresses of the machine's own memory: stacks, contexts, map values, objects of the simulated kernel. */
export const KERNEL = 0xffff8880 | 0
/** High word of addresses of simulated user memory. */
export const USER = 0x00007fff
/** High word of packets' addresses that come out of the 32-bit fields `data` and `data_end` of contexts. */
export const PACKET = 0
/** High word of addresses of functions (callbacks); the low word is the slot of the function's first instruction. */
export const CODE = 0xffffffff | 0

/** Bytes at the beginning of linear memory that are never allocated: a null pointer and what is near it. */
export const NULL_PAGE = 65536

// Words that the machine and compiled code share. They lie where no program may look.

/** High word of what a helper returns. Whoever calls a helper puts 0 here before. */
export const HIGH_WORD = 16
/** Low word of the frame pointer (r10) of the function that calls a helper: a callback's frame lies below it. */
export const FRAME_WORD = 20
/** Instructions that the run may still make, counted where it goes back or calls. A run ends when it falls below 0. */
export const FUEL_WORD = 24
/** Tells compiled code that a call ended the function it was made in: a tail call that went through, a packet load out of bounds. */
export const LEAVES_WORD = 28
/** First byte of the stack of the run: compiled code checks that frames lie above it. */
export const STACK_WORD = 32
/** Why compiled code ended the run by itself, by `unreachable`: {@link BUDGET_SPENT}, {@link TOO_DEEP}, or 0 for another reason. */
export const END_WORD = 40
export const BUDGET_SPENT = 1
export const TOO_DEEP = 2

/** The CPU that the run is on. */
export const CPU_WORD = 36

/** `0xffff888000001000` */
export const addressText = (low: number, high: number): string =>
  `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16)}`
