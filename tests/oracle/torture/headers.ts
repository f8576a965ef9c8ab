import { SourceFile } from "../../../src/base/index.ts"

/** The result of a test that found nothing wrong: not 0, so that a program that did not run at all is not taken for one that passed. */
export const PASSED = 42
const ABORTED = 1
const FAILED = 2

/** The program that runs a test. */
export const ENTRY = "skep_entry"

/**
 * How abort() and exit() end a test. `flag`: they leave the result in a variable, and the test goes on; what it does then does not count.
 * `throw`: they end the program at once, from however deep in calls, by the kernel's bpf_throw; the verifier then knows more on the other
 * way, but cannot follow it out of every loop.
 */
export type Ending = "flag" | "throw"

const status = `status == 0 ? ${PASSED} : ${FAILED}`
const endings: Readonly<Record<Ending, string>> = {
  flag: `static int skep_result;
void skep_abort(void) { if (skep_result == 0) skep_result = ${ABORTED}; }
void skep_exit(int status) { if (skep_result == 0) skep_result = ${status}; }
`,
  throw: `static int skep_result;
extern void bpf_throw(unsigned long long) __attribute__((noreturn, section(".ksyms")));
__attribute__((noreturn)) void skep_abort(void) { bpf_throw(${ABORTED}); }
__attribute__((noreturn)) void skep_exit(int status) { bpf_throw(${status}); }
`,
}

const names = ["abort", "exit", "__builtin_abort", "__builtin_exit"]

/** A test as a whole program: the ends of a program before it, and behind it the entry, which calls main(). */
export function wholeProgram(test: string, ending: Ending): string {
  const defines = names.map(name => `#define ${name} skep_${name.replace("__builtin_", "")}\n`).join("")
  const args = /\bmain\s*\(\s*(void)?\s*\)/.test(test) ? "" : "1, 0"
  const entry = `int ${ENTRY}(void *context) { int status = main(${args}); return skep_result ? skep_result : ${status}; }`
  return `${endings[ending]}${defines}#line 1\n${test}\n__attribute__((section("tc")))\n${entry}\n`
}

/** The parts of the C library's headers that declare no function which needs a library. */
export const headers: Readonly<Record<string, string>> = {
  "stddef.h": `typedef unsigned long size_t; typedef long ptrdiff_t; typedef int wchar_t;
#define NULL ((void *) 0)
#define offsetof(type, member) __builtin_offsetof(type, member)
`,
  "stdlib.h": `#include <stddef.h>
void abort(void); void exit(int); int abs(int); long labs(long);
`,
  "string.h": `#include <stddef.h>
void *memcpy(void *, const void *, size_t); void *memmove(void *, const void *, size_t); void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t); size_t strlen(const char *); char *strcpy(char *, const char *);
int strcmp(const char *, const char *); char *strchr(const char *, int);
`,
  "limits.h": `#define CHAR_BIT 8
#define SCHAR_MIN (-128)
#define SCHAR_MAX 127
#define UCHAR_MAX 255
#define CHAR_MIN SCHAR_MIN
#define CHAR_MAX SCHAR_MAX
#define SHRT_MIN (-32768)
#define SHRT_MAX 32767
#define USHRT_MAX 65535
#define INT_MAX 2147483647
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX 4294967295U
#define LONG_MAX 9223372036854775807L
#define LONG_MIN (-LONG_MAX - 1)
#define ULONG_MAX 18446744073709551615UL
#define LLONG_MAX 9223372036854775807LL
#define LLONG_MIN (-LLONG_MAX - 1)
#define ULLONG_MAX 18446744073709551615ULL
#define LONG_LONG_MAX LLONG_MAX
#define LONG_LONG_MIN LLONG_MIN
#define ULONG_LONG_MAX ULLONG_MAX
`,
  "stdint.h": `#include <limits.h>
typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long int64_t;
typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t; typedef unsigned long uint64_t;
typedef long intptr_t; typedef unsigned long uintptr_t; typedef long intmax_t; typedef unsigned long uintmax_t;
#define INT8_MAX 127
#define INT16_MAX 32767
#define INT32_MAX 2147483647
#define INT32_MIN (-INT32_MAX - 1)
#define INT64_MAX LONG_MAX
#define INT64_MIN LONG_MIN
#define UINT8_MAX 255
#define UINT16_MAX 65535
#define UINT32_MAX 4294967295U
#define UINT64_MAX ULONG_MAX
#define UINTPTR_MAX ULONG_MAX
#define INTPTR_MAX LONG_MAX
`,
  "stdbool.h": `#define bool _Bool
#define true 1
#define false 0
`,
}

/** Answers a header's name with its text. */
export function header(name: string): SourceFile | undefined {
  return Object.hasOwn(headers, name) ? new SourceFile(name, headers[name]) : undefined
}
