import type { Outcome } from "../nodeTest.ts"

/** What somebody does in the playground, by name, and what they see then. */
const VISITS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  async "each program says whether it verifies"(page) {
    const seen: unknown[] = []
    const list = page.id<HTMLSelectElement>("program")
    for (let i = 0; i < list.options.length; i++) {
      await page.choose(i)
      seen.push([list.options[i].text, page.id("verdict").className])
    }
    return seen
  },
  async "a refusal names line, way and remedy"(page) {
    await page.choose(4)
    return [page.id("verdict").textContent, page.document.querySelector("#gutter .fault")?.textContent]
  },
  async "output comes, and lines are counted"(page) {
    await page.choose(0)
    await page.run()
    const text = page.id("output").textContent ?? ""
    const counts = [...page.document.querySelectorAll("#gutter .ran")].length
    const idle = [...page.document.querySelectorAll("#gutter .idle")].map(one => one.textContent)
    return [/^nginx-\d+ \[\d\] 300\.\d{6}: opens \/var\/www\/\w+/m.test(text), counts, idle]
  },
  async "a histogram is drawn"(page) {
    await page.choose(1)
    await page.run()
    return [page.id("tables").hidden, page.document.querySelectorAll("#tables svg rect").length > 2]
  },
  async "a table has a column for each member"(page) {
    await page.choose(2)
    await page.run()
    return [...page.document.querySelectorAll("#tables th")].map(one => one.textContent)
  },
  async "events are decoded"(page) {
    await page.choose(3)
    await page.run()
    return page.id("output").textContent?.split("\n")[0]
  },
  async "the log and the instructions can be read"(page) {
    await page.choose(0)
    return ["log", "code"].map(id => page.id(id).textContent?.slice(0, 3000))
  },
  async "a mistake is marked as it is typed"(page) {
    const text = page.id<HTMLTextAreaElement>("text")
    text.value = "int kprobe__vfs_read(void *ctx) {\n  return bees;\n}\n"
    text.dispatchEvent(new Event("input"))
    await page.until(() => page.id("verdict").className === "bad")
    return [page.id("verdict").textContent?.split("\n")[0], page.document.querySelector("#gutter .fault")?.textContent]
  },
}

/** The playground in a frame. */
class Page {
  readonly document: Document

  constructor(document: Document) {
    this.document = document
  }

  id<E extends HTMLElement>(id: string): E {
    return this.document.getElementById(id) as E
  }

  /** Waits until something is so. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise(resolve => setTimeout(resolve, 20))
  }

  /** Takes a program of the list, and waits until it is verified. */
  async choose(index: number): Promise<void> {
    await this.idle()
    this.id("verdict").className = ""
    this.id<HTMLSelectElement>("program").selectedIndex = index
    this.id("program").dispatchEvent(new Event("change"))
    await this.until(() => this.id("verdict").className !== "")
    await this.idle()
  }

  /** Runs it to its end. */
  async run(): Promise<void> {
    this.id("state").textContent = ""
    this.id("run").click()
    await this.until(() => this.id("state").textContent !== "")
    await this.idle()
  }

  idle(): Promise<void> {
    return this.until(
      () => !this.id<HTMLButtonElement>("run").disabled && this.id("verdict").textContent !== "loading…",
    )
  }
}

async function visit(): Promise<void> {
  const frame = document.createElement("iframe")
  frame.src = "/playground/index.html"
  document.body.append(frame)
  await new Promise(resolve => frame.addEventListener("load", resolve))
  const page = new Page(frame.contentDocument!)
  await page.until(() => page.id("verdict") !== null)
  const outcomes: Outcome[] = []
  for (const [name, body] of Object.entries(VISITS)) {
    try {
      outcomes.push({ name, state: "pass", why: JSON.stringify(await body(page)) })
    } catch (error) {
      outcomes.push({ name, state: "fail", why: String((error as Error).stack ?? error) })
    }
  }
  await fetch("/done", { method: "POST", body: JSON.stringify({ file: "playground", outcomes }) })
  await fetch("/end", { method: "POST" })
}

void visit()
