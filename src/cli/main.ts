#!/usr/bin/env node
import { readFileSync } from "node:fs"
import * as nodeModule from "node:module"
import { basename } from "node:path"

// Newer Nodes keep compiled code from one run to the next.
if ("enableCompileCache" in nodeModule) (nodeModule.enableCompileCache as () => unknown)()
const { dispatch } = await import("./dispatch.ts")

// A reader that goes away (`skep … | head`) is no error: what was wanted has been read.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
}

const version = (): string => JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version

// Under the name skep-cc it is a C compiler: for tools that take one word for it.
const asCompiler = /^skep-cc\b/.test(basename(process.argv[1] ?? ""))
process.exitCode = await dispatch([...(asCompiler ? ["cc"] : []), ...process.argv.slice(2)], version)
