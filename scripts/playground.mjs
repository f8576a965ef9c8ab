// The playground of examples/playground in the browser: npm run playground [-- --port 8080] [-- --out FOLDER]
// It serves the page on this computer only, or with --out writes its files, for any server.
import { cpSync, mkdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { extname, join } from "node:path"
import { parseArgs } from "node:util"
import { build } from "esbuild"

const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript" }

/** Writes the page's files to a folder: its own, the library for pages, and the kernel's types. */
export async function buildPlayground(folder) {
  mkdirSync(folder, { recursive: true })
  await build({
    entryPoints: ["examples/playground/main.ts"],
    outfile: join(folder, "main.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    plugins: [
      {
        name: "the library beside the page",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^skep\/browser$/ }, () => ({ path: "./skep.mjs", external: true })),
      },
    ],
    logLevel: "warning",
  })
  for (const name of ["index.html", "style.css"]) cpSync(join("examples/playground", name), join(folder, name))
  cpSync("dist/browser.mjs", join(folder, "skep.mjs"))
  cpSync("dist/linux.snapshot", join(folder, "linux.snapshot"))
}

/** Serves a folder to this computer. */
function serve(folder, port) {
  const server = createServer(async ({ url }, response) => {
    const name = new URL(url, "http://page").pathname.slice(1) || "index.html"
    try {
      if (!/^[\w.-]+$/.test(name)) throw new Error("no such file")
      const body = await readFile(join(folder, name))
      response.setHeader("content-type", TYPES[extname(name)] ?? "application/octet-stream")
      response.end(body)
    } catch {
      response.statusCode = 404
      response.end()
    }
  })
  server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`))
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { port: { type: "string" }, out: { type: "string" } } })
  const folder = values.out ?? "build/playground"
  await buildPlayground(folder)
  if (values.out === undefined) serve(folder, Number(values.port ?? 8080))
}
