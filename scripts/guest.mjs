// Runs a command in Debian's kernel, booted in QEMU over this machine's files; see tests/guest and --help.
//   node scripts/guest.mjs [--kernel 6.1] [--limit SECONDS] -- COMMAND [ARGUMENT…]
import { build } from "esbuild"

const outfile = "build/guest/main.mjs"
await build({
  entryPoints: ["tests/guest/main.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
})
const { main, NoGuest } = await import(new URL(`../${outfile}`, import.meta.url))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof NoGuest)) throw error
  console.error(error.message)
  process.exitCode = 1
}
