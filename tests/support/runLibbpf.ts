import assert from "node:assert/strict"
import { test } from "node:test"
import { runningTarget } from "../../src/bpf/target.ts"
import { type CpuLevel, compile } from "../../src/compiler/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { kernel, needsRoot } from "./kernel.ts"

const HEADERS = `#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char _license[] SEC("license") = "GPL";
`

/** A program in libbpf's style, behind the usual headers, as an object for this machine's kernel. */
export function libbpfObject(text: string, cpu: CpuLevel = 3): BpfObject {
  const options = { dialect: "libbpf", target: runningTarget(), cpu, check: true } as const
  return compile({ name: "test.c", text: HEADERS + text, ...options }).object
}

/** What `SEC("syscall") int f(void *ctx)`, or one of another section, returns when this machine's kernel runs it; other declarations stand before. */
export function gives(before: string, body: string, expected: number, section: "syscall" | "tc" = "syscall"): void {
  for (const cpu of [3, 4] as const) {
    test(`level ${cpu}: ${before} ${body}`, { skip: needsRoot }, () => {
      const context = section === "tc" ? "struct __sk_buff" : "void"
      const text = `${before}\nSEC("${section}") int f(${context} *ctx) { ${body} }`
      using loaded = kernel().load(libbpfObject(text, cpu))
      const input = section === "tc" ? { data: new Uint8Array(64) } : {}
      assert.equal(loaded.program("f").testRun(input).retval | 0, expected)
    })
  }
}
