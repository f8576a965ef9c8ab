import { parseArgs } from "node:util"
import { boot, consoleTail } from "./boot.ts"
import { guestImage, NoGuest } from "./image.ts"

const usage = `usage: node scripts/guest.mjs [--kernel 6.1] [--limit SECONDS] [--console] -- COMMAND [ARGUMENT…]
       node scripts/guest.mjs [--kernel 6.1] --prepare

Boots Debian's kernel in QEMU over this machine's files and runs the command there, as root, in this folder.
The guest sees every file and changes none: what it writes is gone with it. Ctrl-C goes to the command. --console shows the kernel's messages.
--prepare only fetches what it takes.`

/** Runs a command in the guest with this process's input and output; returns its exit status. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      kernel: { type: "string", default: "6.1" },
      limit: { type: "string", default: "3600" },
      console: { type: "boolean" },
      prepare: { type: "boolean" },
      help: { type: "boolean" },
    },
  })
  if (values.prepare) {
    guestImage(values.kernel)
    return 0
  }
  if (values.help || positionals.length === 0) {
    process[values.help ? "stdout" : "stderr"].write(`${usage}\n`)
    return values.help ? 0 : 2
  }
  const guest = await boot(guestImage(values.kernel), {
    command: positionals,
    limit: Number(values.limit),
    input: process.stdin,
    output: chunk => void process.stdout.write(chunk),
    ...(values.console ? { console: chunk => void process.stderr.write(chunk) } : {}),
    errors: chunk => void process.stderr.write(chunk),
  })
  let asked = 0
  process.on("SIGINT", () => (asked++ ? guest.kill() : guest.signal("INT")))
  process.on("SIGTERM", () => guest.kill())
  const end = await guest.ended
  process.stdin.destroy()
  if (end.reason !== "exit") process.stderr.write(`${consoleTail(end.console)}\nthe guest ended by ${end.reason}\n`)
  return end.status
}

export { NoGuest }
