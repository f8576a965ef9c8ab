#!/usr/bin/env node
import { readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { type Bundle, loadCompiled } from "../start/index.ts"
import type { dispatch } from "./dispatch.ts"
import { whenMade } from "./whenMade.ts"

/** Names of the contents of core.js and compiler.js, put in by the build. */
declare const SKEP_BUILD: string
declare const SKEP_COMPILER_BUILD: string

interface Core extends Bundle {
  commandLine(): Promise<typeof dispatch>
}

// Under the name skep-cc it is a C compiler: for tools that take one word for it.
const asCompiler = /^skep-cc\b/.test(basename(process.argv[1] ?? ""))
const args = [...(asCompiler ? ["cc"] : []), ...process.argv.slice(2)]

const core =
  args[0] === "compile" || args[0] === "cc"
    ? loadCompiled<Core>(join(__dirname, "compiler.js"), SKEP_COMPILER_BUILD, require)
    : loadCompiled<Core>(join(__dirname, "core.js"), SKEP_BUILD, require)

let printed = false
// A reader that goes away (`skep … | head`) is no error: what was wanted has been read.
for (const name of ["stdout", "stderr"] as const) {
  whenMade(name, stream => {
    printed = true
    stream.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1))
  })
}

const version = (): string => JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8")).version

core
  .commandLine()
  .then(dispatch => dispatch(args, version))
  .then(status => {
    process.exitCode = status
    // The system takes memory back faster than V8 gives it. What was printed may still be under way.
    if (!printed) process.exit()
  })
