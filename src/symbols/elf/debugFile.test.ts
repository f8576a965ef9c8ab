import assert from "node:assert/strict"
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { findTool, inTempDir, runTool } from "../../../tests/support/tools.ts"
import { needsGcc } from "../../../tests/support/traced.ts"
import { findFunctions } from "../functions.ts"

const skip = needsGcc || (findTool("objcopy") && findTool("xz") ? false : "binutils or xz is missing")

/** Builds a program with a static function, strips it, and says where the function is by what `keep` leaves of its symbols. */
function finds(name: string, keep: (folder: string, program: string) => void): void {
  test(`a static function of a stripped program: ${name}`, { skip }, () =>
    inTempDir(folder => {
      const program = join(folder, "program")
      const text =
        "__attribute__((noipa)) static int hidden(int n) { return n + 1; }\nint main(int n, char **a) { return hidden(n); }\n"
      writeFileSync(`${program}.c`, text)
      runTool("gcc", "-O1", "-Wl,--build-id", "-o", program, `${program}.c`)
      const binary = { name: program, path: program }
      const [whole] = findFunctions(binary, "hidden")
      copyFileSync(program, `${program}.debug`)
      runTool("objcopy", "--strip-all", program)
      assert.throws(() => findFunctions(binary, "hidden"), { code: "SYMBOLS_NO_FUNCTION" })
      keep(folder, program)
      assert.deepEqual(findFunctions(binary, "hidden"), [whole])
    }),
  )
}

finds("small debug information inside", (_, program) => {
  runTool("xz", "-k", `${program}.debug`)
  runTool("objcopy", `--add-section=.gnu_debugdata=${program}.debug.xz`, program)
})
finds("a debug link beside", (_, program) => {
  runTool("objcopy", `--add-gnu-debuglink=${program}.debug`, program)
})
finds("a debug link to .debug", (folder, program) => {
  runTool("objcopy", `--add-gnu-debuglink=${program}.debug`, program)
  mkdirSync(join(folder, ".debug"))
  writeFileSync(join(folder, ".debug", "program.debug"), readFileSync(`${program}.debug`))
})
