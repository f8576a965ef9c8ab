// Everything that must hold, in one command: `npm test`. Installs the dependencies when they are missing, then runs every test:
// types, lint and rules (tests/rules), units, this machine's kernel, the package, and a booted kernel (tests/guest); then what needs no kernel on the embedded machine.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

process.chdir(fileURLToPath(new URL("..", import.meta.url)))
if (!existsSync("node_modules/esbuild/package.json")) {
  console.log("installing dependencies")
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}
const run = (command, ...args) => spawnSync(command, args, { stdio: "inherit" }).status ?? 1
// What needs no kernel runs once more on the embedded machine.
process.exit(run(process.execPath, "scripts/test.mjs") || run("npm", "run", "-s", "test:vm"))
