import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { extname, join } from "node:path"
import { HTML, projectFile, type TestPage } from "./bundle.ts"
import type { FileOutcomes } from "./page.ts"

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

/** A Chromium of this computer, which root gets from Debian when there is none; undefined where there is none to be had. */
export function findChromium(): string | undefined {
  const find = (): string | undefined =>
    NAMES.find(name => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0)
  const found = find()
  if (found !== undefined || process.getuid?.() !== 0) return found
  const install = (): boolean =>
    spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], {
      stdio: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0
  if (!install()) {
    spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" })
    install()
  }
  return find()
}

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" }

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

function settleable(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => {}, () => {}]
  const promise = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]))
  return { promise, resolve: () => resolve(), reject: error => reject(error) }
}

/** Opens a page of tests in a headless Chromium; calls `done` for each file. Ends with the page, or after `limit` seconds without news. */
export async function runInChromium(
  chromium: string,
  page: TestPage,
  done: (outcomes: FileOutcomes) => void,
  limit = 120,
): Promise<void> {
  const ended = settleable()
  const silence = setTimeout(() => ended.reject(new Error(`no news of the page for ${limit} seconds`)), limit * 1000)
  const server = createServer(async (request, response) => {
    silence.refresh()
    const path = decodeURIComponent(new URL(request.url!, "http://page").pathname)
    if (request.method === "POST") {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      response.end()
      if (path === "/end") ended.resolve()
      else done(JSON.parse(Buffer.concat(parts).toString()) as FileOutcomes)
      return
    }
    const body = path === "/" ? HTML : (page.files.get(path) ?? projectFile(path.slice(1)))
    response.statusCode = body === undefined ? 404 : 200
    response.setHeader("content-type", path === "/" ? TYPES[".html"] : (TYPES[extname(path)] ?? TYPES[".js"]))
    response.end(body)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const folder = mkdtempSync(join(tmpdir(), "skep-chromium-"))
  const { port } = server.address() as AddressInfo
  const browser = spawn(chromium, [...FLAGS, `--user-data-dir=${folder}`, `http://127.0.0.1:${port}/`], {
    stdio: "ignore",
  })
  const exited = once(browser, "exit")
  void exited.then(([status]) => ended.reject(new Error(`${chromium} ended with ${status}`)))
  try {
    await ended.promise
  } finally {
    clearTimeout(silence)
    browser.kill()
    await exited
    server.close()
    server.closeAllConnections()
    // Its helpers, which end after it, still write there for a moment.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}
