// How much this process writes, by file descriptor. The C file is imported: with skep's plugin the bundler compiles it, and TypeScript knows its names.
import { openSync, writeSync } from "node:fs"
import { how, Writes } from "./writes.bpf.c"

using b = await Writes.load({ globals: { only: process.pid } })
const file = openSync("/dev/null", "w")
for (let i = 1; i <= 3; i++) writeSync(file, "x".repeat(2000 * i))
const { calls, bytes, largest } = b.table("files").get(file)!
console.log(`${calls} writes of ${bytes} bytes${largest === how.LARGE ? ", large ones among them" : ""}`)
