import assert from "node:assert/strict"
import { test } from "node:test"
import { nativePart } from "./thread.ts"

const line = (path: string): string => `7f69d0300000-7f69d0400000 r-xp 00000000 fe:00 99                  ${path}`

for (const [path, found] of [
  ["/app/node_modules/@koromix/koffi-linux-x64/linux_x64/koffi.node", true],
  ["/app with blanks/koffi/build/koffi.node", true],
  ["/app/koffi/other.so", false],
  ["/usr/lib/libc.so.6", false],
] as const) {
  test(`koffi's native part: ${path}`, () => {
    assert.equal(nativePart(`${line("/usr/bin/node")}\n${line(path)}\n${line("[heap]")}\n`), found ? path : undefined)
  })
}
