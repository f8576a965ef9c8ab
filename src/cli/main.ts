#!/usr/bin/env node
import { readFileSync } from "node:fs"
import * as nodeModule from "node:module"

// Newer Nodes keep compiled code from one run to the next.
if ("enableCompileCache" in nodeModule) (nodeModule.enableCompileCache as () => unknown)()
const { dispatch } = await import("./dispatch.ts")

// A reader that goes away (`skep … | head`) is no error: what was wanted has been read.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
}

const version = (): string => JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version

process.exitCode = await dispatch(process.argv.slice(2), version)
