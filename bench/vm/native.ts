import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { MicroProgram } from "./programs.ts"

/** What `run` gave at its first calls, and nanoseconds of a call. */
export interface Measured {
  readonly results: readonly number[]
  readonly ns: number
}

/** The first results that are compared. */
export const COMPARED = 8

/** The program as gcc -O2 makes it, with other options besides; undefined where there is no gcc. */
export function runNative({ text }: MicroProgram, options: readonly string[] = []): Measured | undefined {
  const dir = mkdtempSync(join(tmpdir(), "skep-bench-"))
  try {
    const timed = `${text.replace("int run(void", "__attribute__((noinline)) int run(void")}
#include <stdio.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
int main() {
  for (int i = 0; i < ${COMPARED}; i++) printf("%u ", run(0));
  double best = 1e18;
  for (int batch = 0; batch < 25; batch++) {
    double start = now(); int count = 0;
    while (now() - start < 4e6) { for (int i = 0; i < 8; i++) run(0); count += 8; }
    double each = (now() - start) / count;
    if (each < best) best = each;
  }
  printf("%f\\n", best);
}
`
    writeFileSync(join(dir, "bench.c"), timed)
    const made = spawnSync("gcc", ["-O2", ...options, "-fno-strict-aliasing", "-w", "-o", "bench", "bench.c"], {
      cwd: dir,
      encoding: "utf8",
    })
    if (made.status !== 0) return undefined
    const words = spawnSync(join(dir, "bench"), [], { encoding: "utf8" }).stdout.trim().split(" ").map(Number)
    return { results: words.slice(0, COMPARED), ns: words[COMPARED] }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
