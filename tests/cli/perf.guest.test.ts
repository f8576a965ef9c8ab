import assert from "node:assert/strict"
import { chmodSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { fileWith, scratch } from "../support/cli.ts"
import { findTool, runTool } from "../support/tools.ts"

const PROGRAM = `#define SEC(name) __attribute__((section(name), used))
SEC("func=do_nanosleep")
int on_sleep(void *ctx) { return 1; }
char _license[] SEC("license") = "GPL";
int _version SEC("version") = LINUX_VERSION_CODE;
`

// perf takes one word for the compiler; versions of 6.2 and later have no scriptlets.
const perf = findTool("perf")
const skip =
  perf === undefined
    ? "perf is not installed"
    : /^perf version [2-5]\.|^perf version 6\.[01]\b/.test(runTool("perf", "--version"))
      ? false
      : "this perf takes no C"

test("perf records what a program that skep cc compiled lets through", { skip }, () => {
  const source = fileWith("sleep.c", PROGRAM)
  const compiler = fileWith("skep-cc", `#!/bin/sh\nexec ${process.execPath} ${resolve("dist/skep.js")} cc "$@"\n`)
  chmodSync(compiler, 0o755)
  const data = join(scratch(), "perf.data")
  runTool("perf", "record", "-o", data, "--clang-path", compiler, "-e", source, "sleep", "0.1")
  assert.match(runTool("perf", "script", "-i", data), /sleep .*perf_bpf_probe:func/)
})
