import type * as skep from "../../src/index.ts"
import type { Outcome } from "./nodeTest.ts"

/** What a page does with skep: compiles, runs, and reads. Each is a test by its name. */
const tests: Readonly<Record<string, (library: typeof skep) => Promise<unknown>>> = {
  async "a program is compiled, verified and run, and its table read"({ BPF }) {
    using b = await BPF.load({
      text: `BPF_HASH(sizes, u32, u64);
        int count(struct __sk_buff *skb) { u32 key = skb->protocol; sizes.increment(key); return skb->len; }`,
    })
    const program = b.program("count", { type: "socket_filter" })
    const { retval } = program.testRun({ data: new Uint8Array(60), repeat: 3 })
    return [retval, [...b.table("sizes")].map(([key, value]) => `${key}: ${value}`)]
  },
  async "types of the kernel are those of the snapshot"({ BPF }) {
    using b = await BPF.load({
      text: `#include <linux/sched.h>
        int kprobe__do_exit(struct pt_regs *ctx) { struct task_struct *t = (void *)bpf_get_current_task(); return t->pid; }`,
      autoAttach: false,
    })
    return b.programs.map(({ name, type }) => `${type} ${name}`)
  },
  async "events come to the page"({ BPF }) {
    using b = await BPF.load({
      text: `struct event { u32 n; }; BPF_RINGBUF_OUTPUT(events, 8);
        int send(struct __sk_buff *skb) { struct event e = { skb->len }; events.ringbuf_output(&e, sizeof e, 0); return 0; }`,
    })
    const stream = b.events("events")
    b.program("send", { type: "socket_filter" }).testRun({ data: new Uint8Array(64) })
    const { value } = await stream.next()
    stream.close()
    return value
  },
  async "a mistake has its line and its caret"({ BPF, SkepError }) {
    try {
      await BPF.load({ text: "int f(void *ctx) { return bees; }" })
    } catch (error) {
      return error instanceof SkepError && [error.code, String(error.stack).includes("^")]
    }
    return undefined
  },
  async "a file that a page cannot read"({ BPF }) {
    return BPF.load({ file: "program.c" }).catch(({ message, hint }: skep.SkepError) => [message, hint])
  },
  async "what only a computer has says so"({ BPF, Containers }) {
    const codes: unknown[] = []
    const code = (error: unknown): void => void codes.push((error as { code?: string }).code)
    await BPF.load({ file: "program.c" }).catch(code)
    await BPF.load({ text: "int f(void *ctx) { return 0; }", on: "kernel" }).catch(code)
    try {
      new Containers()
    } catch (error) {
      code(error)
    }
    return codes
  },
}

async function run(): Promise<void> {
  const path = "/files/dist/browser.mjs"
  const library = (await import(path)) as typeof skep
  library.useKernelSnapshot(new Uint8Array(await (await fetch("/files/dist/linux.snapshot")).arrayBuffer()))
  const outcomes: Outcome[] = []
  for (const [name, body] of Object.entries(tests)) {
    try {
      outcomes.push({ name, state: "pass", why: JSON.stringify(await body(library)) })
    } catch (error) {
      outcomes.push({ name, state: "fail", why: String((error as Error).stack ?? error) })
    }
  }
  await fetch("/done", { method: "POST", body: JSON.stringify({ file: "library", outcomes }) })
  await fetch("/end", { method: "POST" })
}

run().catch(async error => {
  const outcome = { name: "the library is read", state: "fail", why: String(error.stack ?? error) }
  await fetch("/done", { method: "POST", body: JSON.stringify({ file: "library", outcomes: [outcome] }) })
  await fetch("/end", { method: "POST" })
})
